// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import TestProcesses

extension BenchCase {
    /// System calls of which everybody knows roughly what they cost.
    static let yardsticks = [
        BenchCase("getppid", .yardstick, "getppid") { _ in Job(crb_getppid) },
        BenchCase("futex-wake-private", .yardstick, "FUTEX_WAKE, private, nobody waits") { setup in
            Job(crb_wake_private, on: UnsafeMutableRawPointer(bitPattern: try setup.map()))
        },
        BenchCase("futex-wake-shared", .yardstick, "FUTEX_WAKE, shared, nobody waits") { setup in
            Job(crb_wake_shared, on: UnsafeMutableRawPointer(bitPattern: try setup.map()))
        },
        BenchCase("process_vm_readv", .yardstick, "process_vm_readv of a word") { setup in
            try setup.startSharers(1)
            let word = crb_remote_word(pid: setup.peers[0].pid, address: setup.peers[0].mapping)
            return Job(crb_read_word, on: setup.context(word))
        },
        BenchCase("membarrier", .yardstick, "membarrier, private expedited, one processor: no IPI is sent") {
            _ in
            try required("registration for membarrier", crb_register_membarrier())
            return Job(crb_membarrier)
        },
    ]
}
