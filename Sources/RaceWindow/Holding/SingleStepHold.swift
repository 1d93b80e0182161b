// SPDX-License-Identifier: MIT

import CRaceWindow
import TestProcesses

/// Stops before every instruction of `pthread_mutex_unlock`, and of all that it calls (`PTRACE_SINGLESTEP`).
///
/// The first boundary is before the function's first instruction, the last one before its return instruction.
final class SingleStepHold: UnlockHold {
    private let tracee: Tracee
    private let entry: UInt64
    private var returnAddress: UInt64 = 0
    private var stackAtEntry: UInt64 = 0

    init(_ unlocker: Victim) {
        tracee = Tracee(victim: unlocker)
        entry = unlocker.greeting.unlockAddress
    }

    /// From the read of its order to the function: far more than any compiler needs for that.
    private static let stepsToEntry = 5_000

    func begin(unlocking lock: UInt64) throws -> StopPlace? {
        try tracee.stopBeforeUnlock(of: lock)
        for _ in 0..<Self.stepsToEntry {
            let registers = try step()
            guard registers.instruction == entry else { continue }
            stackAtEntry = registers.stack
            // The call has just pushed it.
            returnAddress = try tracee.victim.loadPointer(registers.stack)
            return .instruction(entry)
        }
        throw CheckError.broken(
            "\(tracee.victim.name) did not reach its unlock function at 0x\(String(entry, radix: 16)) within"
                + " \(Self.stepsToEntry) instructions")
    }

    func advance() throws -> StopPlace? {
        let registers = try step()
        // The stack tells a return from a jump to the same place in a recursive call.
        if registers.instruction == returnAddress, registers.stack > stackAtEntry { return nil }
        return .instruction(registers.instruction)
    }

    func letGo() throws { try tracee.letGo() }

    private func step() throws -> crw_registers {
        _ = try tracee.goOn("a single step", crw_step)
        return try tracee.registers()
    }
}
