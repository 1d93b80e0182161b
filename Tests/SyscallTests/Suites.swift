// SPDX-License-Identifier: MIT

import RobustFutex
import RobustFutexChecks
import Synchronization
import Testing

extension Tag {
    /// Whose pending operation the call sees.
    @Tag static var visibility: Self
    /// Memory that a lock or a robust list head can lie in.
    @Tag static var memory: Self
    /// Exits and execs that the call has to wait for.
    @Tag static var exits: Self
    /// Callers that are interrupted, or end, in the midst of a call.
    @Tag static var interruptions: Self
    /// Processes that would delay or harm the caller.
    @Tag static var hostility: Self
    /// Layouts and values that only the kernel's own reading makes sense of.
    @Tag static var abi: Self
    @Tag static var errors: Self
    @Tag static var wakeDuty: Self
    /// The race of the unlock itself, killed or exited in the window.
    @Tag static var race: Self
    /// The features that the kernel is found to offer.
    @Tag static var detection: Self
}

/// Skips each test whose check cannot be carried out here, and says why.
struct Applicability: SuiteTrait, TestTrait {
    /// Concerns the tests of a suite, not only the suite.
    var isRecursive: Bool { true }

    func prepare(for test: Test) async throws {
        guard !test.isSuite, let reason = try check(namedLike: test.name).reasonToSkip() else { return }
        try await ConditionTrait.enabled(if: false, "\(reason)").prepare(for: test)
    }
}

extension Trait where Self == Applicability {
    static var whereApplicable: Self { Applicability() }
}

/// Checks signal, stop and count processes: one at a time, across suites too, which `.serialized` does not say.
private let turn = Mutex(())

/// Runs the check that has the calling test's name.
///
/// Each check has a test function of its own, and not one parameterised test a suite: a case's argument is no part of the
/// test's identifier, so `--filter` could not choose a check, and reports could not name it.
func checkClaim(_ function: String = #function) throws {
    let check = try check(namedLike: function)
    try turn.withLock { _ in try recordingTaint(of: function) { try check.run() } }
}

private func check(namedLike function: String) throws -> Check {
    let name = String(function.prefix { $0 != "(" })
    return try #require(Check.named(name), "no check has the name of this test, \(name)")
}
