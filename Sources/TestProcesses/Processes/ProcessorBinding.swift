// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage

/// On which processors the calling thread may run, and before whom.
package enum ProcessorBinding {
    /// Carries `body` out on one processor, one of the first 64.
    package static func run(onProcessor number: Int, _ body: () throws -> Void) throws {
        var before: UInt64 = 0
        _ = try required("sched_getaffinity", call(SYS_sched_getaffinity, &before))
        var one = UInt64(1) << UInt64(number)
        _ = try required("sched_setaffinity", call(SYS_sched_setaffinity, &one))
        defer { _ = call(SYS_sched_setaffinity, &before) }
        try body()
    }

    /// Carries `body` out on one processor after another.
    package static func runOnEachProcessor(_ body: () throws -> Void) throws {
        for number in 0..<processorCount { try run(onProcessor: number, body) }
    }

    /// Keeps one processor after another from being idle, for that long each.
    package static func keepEachProcessorBusy(for duration: Duration) throws {
        try runOnEachProcessor {
            let end = ContinuousClock.now + duration
            while ContinuousClock.now < end {}
        }
    }

    package static var processorCount: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    /// The same, and whenever the thread can run nobody else does on that processor, not even in a system call. Needs root.
    package static func runBeforeOthers(onProcessor number: Int, _ body: () throws -> Void) throws {
        try run(onProcessor: number) {
            try setPolicy(SCHED_FIFO, priority: 1)
            defer { try? setPolicy(SCHED_OTHER, priority: 0) }
            try body()
        }
    }

    private static func setPolicy(_ policy: Int32, priority: Int32) throws {
        var parameters = sched_param(sched_priority: priority)
        guard sched_setscheduler(0, policy, &parameters) == 0 else {
            throw CheckError.broken("sched_setscheduler: \(Errno(rawValue: errno).name)")
        }
    }

    private static func call(_ number: Int32, _ mask: inout UInt64) -> Int {
        let size = UInt(MemoryLayout.size(ofValue: mask))
        return withUnsafeMutablePointer(to: &mask) {
            crf_syscall6(Int(number), 0, size, UInt(bitPattern: $0), 0, 0, 0)
        }
    }
}
