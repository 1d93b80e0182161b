// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench

extension BenchCase {
    /// System calls of which everybody knows roughly what they cost.
    static let yardsticks = [
        BenchCase("getppid", .yardstick, "getppid") { _ in Job(crb_getppid) },
        BenchCase("futex-wake-private", .yardstick, "FUTEX_WAKE, private, nobody waits") { stage in
            Job(crb_wake_private, on: UnsafeMutableRawPointer(bitPattern: try stage.map()))
        },
        BenchCase("futex-wake-shared", .yardstick, "FUTEX_WAKE, shared, nobody waits") { stage in
            Job(crb_wake_shared, on: UnsafeMutableRawPointer(bitPattern: try stage.map()))
        },
        BenchCase("process_vm_readv", .yardstick, "process_vm_readv of a word") { stage in
            try stage.startSharers(1)
            let word = crb_remote_word(pid: stage.peers[0].pid, address: stage.peers[0].mapping)
            return Job(crb_read_word, on: stage.context(word))
        },
        BenchCase("membarrier", .yardstick, "membarrier, private expedited, one processor: no IPI is sent") {
            _ in
            try need("registration for membarrier", crb_register_membarrier())
            return Job(crb_membarrier)
        },
    ]
}
