// SPDX-License-Identifier: MIT

import RobustFutex
import RobustFutexChecks
import Synchronization
import Testing

extension Tag {
    /// Whose pending operation the call sees.
    @Tag static var visibility: Self
    @Tag static var errors: Self
    @Tag static var wakeDuty: Self
    /// The race of the unlock itself, killed or exited in the window.
    @Tag static var race: Self
    /// What the kernel is found to offer.
    @Tag static var detection: Self
}

extension Trait where Self == ConditionTrait {
    /// Skips where the system call is not there, and says what was seen instead.
    static var needsSyscall: Self { applicable(.syscall) }

    static var needsItsAbsence: Self { applicable(.withoutSyscall) }

    private static func applicable(_ requirement: Check.Requirement) -> Self {
        let reason = requirement.reasonToSkip()
        return .enabled(if: reason == nil, "\(reason ?? "")")
    }
}

/// Checks signal, stop and count processes: one at a time, across suites too, which `.serialized` does not say.
private let turn = Mutex(())

/// Runs the check that has the calling test's name.
func holdKernelAgainstCheck(_ function: String = #function) throws {
    let name = String(function.prefix { $0 != "(" })
    let check = try #require(Check.named(name), "no check has the name of this test, \(name)")
    try turn.withLock { _ in try check.run() }
}
