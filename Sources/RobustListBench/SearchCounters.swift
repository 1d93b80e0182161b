// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import TestProcesses

/// Counts the searches of all processes that other processes have the kernel make; see ctp_walks.h.
struct SearchCounters: ~Copyable {
    private var files: [Int32] = []

    /// - Throws: when the kernel cannot count them: then nothing is known, which is not the same as no search.
    init(of pids: [Int32]) throws(CheckError) {
        let initTask = ctp_init_task()
        guard initTask != 0 else {
            throw .broken("searches cannot be counted: /proc/kallsyms does not say where init_task is")
        }
        let list = ctp_process_list(initTask)
        guard list != 0 else {
            throw .broken("searches cannot be counted: no breakpoint finds the list of all processes")
        }
        for pid in pids {
            let file = try required(
                "a count of the searches of process \(pid)", ctp_count_accesses(list, pid, -1))
            files.append(Int32(file))
        }
    }

    /// A number for each process, since the beginning.
    func read() throws(CheckError) -> [Int] {
        var counts: [Int] = []
        for file in files {
            var count: UInt64 = 0
            guard Glibc.read(file, &count, MemoryLayout<UInt64>.size) == MemoryLayout<UInt64>.size else {
                throw .broken("a count of searches cannot be read")
            }
            counts.append(Int(count))
        }
        return counts
    }

    deinit {
        for file in files { close(file) }
    }
}
