// SPDX-License-Identifier: MIT

import CRaceVictim
import CRobustFutex
import Glibc
import RaceReport
import TestProcesses

/// Ends unlockers.
final class Ending {
    private let killer: Scenario.Killer
    private let group: ControlGroup?
    private static let memoryLimit = 16 << 20

    /// - Throws: ``CannotRun`` where the killer is not to be had.
    init(_ killer: Scenario.Killer) throws {
        self.killer = killer
        group = killer == .oom ? try Self.groupWithLittleMemory() : nil
    }

    private static func groupWithLittleMemory() throws -> ControlGroup {
        if let problem = ControlGroup.problem(with: .memory) { throw CannotRun(problem) }
        do {
            let group = try ControlGroup(.memory)
            try group.limitMemory(toBytes: memoryLimit)
            return group
        } catch CheckError.broken(let reason) {
            throw CannotRun("no memory control group: \(reason); needs root")
        }
    }

    /// Prepares the unlocker, before it is held.
    func prepare(_ unlocker: Victim) throws {
        if killer != .sigkill { try unlocker.startHelper() }
        try group?.add(unlocker.pid)
    }

    /// Ends the unlocker. On return its exit cleanup is over: robust lists are processed before wait(2) sees an
    /// exit, and before an exec gets to the new program.
    func end(_ unlocker: Victim) throws {
        let killsBefore = try group?.kills() ?? 0
        switch killer {
        case .sigkill:
            try unlocker.handle.send(SIGKILL)
            try expect(.signal(SIGKILL), unlocker)
        case .fault:
            // Address 8: no kernel lets anybody map that.
            try unlocker.helper.send(CRV_FAULT, [8])
            try expect(.signal(SIGSEGV), unlocker)
        case .exec:
            try unlocker.helper.send(CRV_EXEC, [])
            try expect(.exit(0), unlocker)
        case .oom:
            try unlocker.helper.send(CRV_FILL_MEMORY, [])
            try expect(.signal(SIGKILL), unlocker)
            guard try group?.kills() ?? 0 > killsBefore else {
                throw CheckError.broken("\(unlocker.name) was killed, and not by the OOM killer")
            }
        }
    }

    private enum End: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    private func expect(_ expected: End, _ unlocker: Victim) throws {
        let status = try unlocker.waitForEnd("the end of \(unlocker.name) by \(killer.rawValue)")
        let signal = crf_term_signal(status)
        let observed = signal == 0 ? End.exit(crf_exit_status(status)) : .signal(signal)
        guard observed != expected else { return }
        throw CheckError.broken(
            "\(unlocker.name): expected its end by \(expected), observed \(observed)")
    }
}
