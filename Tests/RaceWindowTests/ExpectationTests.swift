// SPDX-License-Identifier: MIT

import RaceReport
import Testing

@testable import RaceWindow

/// Trials whose required result is known from the state at their boundary; all else is reported.
@Suite struct ExpectationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var released: Bool
        var pending: Bool
        var destroyer: Scenario.Destroyer
        var allowed: Set<Boundary.Outcome>
        var memory = Scenario.Memory.shared
        var kernelHasCall = true
        var unlocker = Scenario.Unlocker.glibc64

        var testDescription: String {
            "\(released ? "released" : "owned"), \(pending ? "pending" : "not pending"), \(destroyer), \(memory)"
                + (kernelHasCall ? "" : ", on a kernel without the call")
        }
    }

    @Test(
        arguments: [
            Case(released: false, pending: false, destroyer: .legacy, allowed: [.held]),
            Case(released: false, pending: true, destroyer: .legacy, allowed: [.held]),
            Case(released: true, pending: true, destroyer: .legacy, allowed: [.corrupted]),
            Case(released: true, pending: false, destroyer: .legacy, allowed: [.intact]),
            Case(released: false, pending: true, destroyer: .cleanup, allowed: [.held]),
            Case(released: true, pending: true, destroyer: .cleanup, allowed: [.intact]),
            Case(released: true, pending: false, destroyer: .cleanup, allowed: [.intact]),
            Case(
                released: true, pending: true, destroyer: .legacy, allowed: [.corrupted, .waits],
                memory: .remapped, unlocker: .musl),
            // Only musl waits there; of others it would mean that nothing was looked at.
            Case(
                released: true, pending: true, destroyer: .preload, allowed: [.intact], memory: .remapped),
            Case(
                released: false, pending: true, destroyer: .legacy, allowed: [.held], memory: .remapped),
            Case(released: true, pending: true, destroyer: .patchedLibrary, allowed: [.intact]),
            Case(released: true, pending: true, destroyer: .preload, allowed: [.intact]),
            Case(
                released: true, pending: true, destroyer: .patchedLibrary, allowed: [.corrupted],
                kernelHasCall: false),
            Case(
                released: true, pending: true, destroyer: .preload, allowed: [.corrupted],
                kernelHasCall: false),
            Case(
                released: true, pending: false, destroyer: .preload, allowed: [.intact],
                kernelHasCall: false),
            Case(
                released: true, pending: true, destroyer: .preloadUnmap, allowed: [.intact], memory: .remapped
            ),
            Case(
                released: true, pending: true, destroyer: .preloadUnmap, allowed: [.corrupted],
                memory: .remapped, kernelHasCall: false),
        ])
    func contradictsAllOtherOutcomes(_ example: Case) {
        let boundary = Boundary(
            index: 7, location: "x", word: 0, released: example.released, pending: example.pending)
        let scenario = Scenario(
            .singleStep, example.unlocker, .plain, example.memory, .sigkill, example.destroyer)
        let outcomes: [Boundary.Outcome] = [.corrupted, .intact, .held, .waits]
        let allowed = outcomes.filter {
            CellRun.contradiction(boundary, $0, scenario, kernelHasCall: example.kernelHasCall) == nil
        }
        #expect(Set(allowed) == example.allowed)
    }
}
