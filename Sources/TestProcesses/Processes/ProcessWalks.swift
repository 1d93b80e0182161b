// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import Synchronization

/// Counts how often the list of all processes is walked, from the beginning of the value's life on.
///
/// One at a time for a task or processor: under emulation only one of two breakpoints at the same place is noticed.
package final class ProcessWalks {
    private let descriptor: Int32

    /// By one task, which does not exit meanwhile: in its exit it is not counted.
    package convenience init(by tid: Int32) throws {
        try self.init(by: tid, onProcessor: -1)
    }

    /// By whatever runs on that processor.
    package convenience init(onProcessor number: Int) throws {
        try self.init(by: -1, onProcessor: Int32(number))
    }

    private init(by tid: Int32, onProcessor number: Int32) throws {
        guard let place = Self.list.withLock({ $0 }) ?? Self.findList() else {
            throw CheckError.broken("the head of the list of processes was not found")
        }
        descriptor = Int32(
            try required("breakpoint on the list of processes", ctp_count_accesses(place, tid, number)))
    }

    package func count() throws -> Int {
        var count: UInt64 = 0
        guard read(descriptor, &count, MemoryLayout<UInt64>.size) == MemoryLayout<UInt64>.size else {
            throw CheckError.broken("a breakpoint's count cannot be read")
        }
        return Int(count)
    }

    deinit {
        close(descriptor)
    }

    /// The reason why walks cannot be counted, or nil.
    package static func problem() -> String? {
        guard ctp_init_task() != 0 else {
            return "/proc/kallsyms does not say where init_task is (CONFIG_KALLSYMS_ALL, root)"
        }
        return findList() == nil
            ? "no hardware breakpoint finds the list of processes (CONFIG_PERF_EVENTS)" : nil
    }

    /// The address of the list's head, once that is known.
    private static let list = Mutex<UInt?>(nil)

    private static func findList() -> UInt? {
        let place = ctp_process_list(ctp_init_task())
        guard place != 0 else { return nil }
        list.withLock { $0 = place }
        return place
    }
}
