// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Runs commands of robust-list-check that are evidence by the length of their run, in guests.
public struct EvidenceRun: Sendable {
    private let builders: Builders
    private let kernel: Catalogue.Kernel

    public init(_ builders: Builders, on name: String) throws {
        self.builders = builders
        kernel = try builders.catalogue.kernel(named: name)
    }

    /// The worlds of one guest.
    private struct Piece: Codable {
        /// The objection to the world that failed.
        var failure: String?
        /// The time that the guest took, with its boot.
        var seconds: Double
    }

    /// The number of them: what an interrupted run loses at most.
    private static let worldsOfGuest = 2_000

    /// Random worlds from the seed on, in guests one after the other. Those that a run tried are not tried again until the
    /// kernel or the sources of what runs in the guest change.
    ///
    /// - Returns: the number of worlds, the seconds of guests, those of earlier runs included, and the objection to the one
    ///   that failed, which ends the run.
    public func worlds(
        _ count: Int, from seed: Int
    ) async throws -> (tried: Int, seconds: Double, failure: String?) {
        let inputs =
            try await builders.kernels.inputs(of: kernel)
            + SuiteSources(repository: builders.repository, of: SuiteSources.worlds).identity()
        let directory = builders.repository.build.pushing("evidence/worlds")
        let guest = try await guest(seconds: 24 * 3_600)
        var (tried, seconds) = (0, 0.0)
        while tried < count {
            let (first, number) = (seed + tried, min(Self.worldsOfGuest, count - tried))
            let kept = KeptResult<Piece>(of: "\(kernel.name)-\(first)-\(number)", in: directory)
            let piece = try await kept.value(for: inputs) {
                let start = Date()
                let failure = try await builders.progress.stage(
                    "\(tried) of \(count) worlds on \(kernel.name)"
                ) {
                    try await self.failure(
                        of: ["explore", "--seed", "\(first)", "--worlds", "\(number)", "--complete"],
                        in: guest)
                }
                return Piece(failure: failure, seconds: Date().timeIntervalSince(start))
            }
            seconds += piece.seconds
            if let failure = piece.failure { return (tried, seconds, failure) }
            tried += number
        }
        return (tried, seconds, nil)
    }

    /// - Returns: the command's complaint if it ended with status 1, or the guest went down.
    private func failure(of arguments: [String], in guest: Guest) async throws -> String? {
        do {
            _ = try await text(of: arguments, in: guest)
            return nil
        } catch let error as HarnessError {
            try Task.checkCancellation()
            return error.description
        }
    }

    /// The stress with two processors for that long; the last line of what it says.
    public func stress(seconds: Int) async throws -> (figures: String, isGood: Bool) {
        let (lines, isGood) = try await lines(
            of: ["stress", "--seconds", "\(seconds)"], seconds: seconds + 300)
        return (lines.last ?? "", isGood)
    }

    /// Lets everything fail that the call asks for; the sums over all scenarios, and the last line of what it says.
    public func faults() async throws -> (figures: String, isGood: Bool) {
        let (lines, isGood) = try await lines(of: ["faults"], seconds: 1_800)
        return (Self.sums(of: lines), isGood)
    }

    static func sums(of lines: [String]) -> String {
        let scenarios = lines.compactMap { line in
            line.firstMatch(of: /: (\d+) failures, ENOMEM in (\d+)$/).map { (Int($0.1)!, Int($0.2)!) }
        }
        let (failures, errors) = scenarios.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        return
            "\(failures) failures in \(scenarios.count) scenarios, ENOMEM in \(errors); \(lines.last ?? "")"
    }

    private func lines(of arguments: [String], seconds: Int) async throws -> ([String], isGood: Bool) {
        let guest = try await guest(seconds: seconds)
        return try await builders.progress.stage("\(arguments[0]) on \(kernel.name)", "running") {
            do {
                let text = try await text(of: arguments, in: guest)
                return (text.split(separator: "\n").map(String.init), true)
            } catch let error as HarnessError {
                try Task.checkCancellation()
                return ([error.description], false)
            }
        }
    }

    private func guest(seconds: Int) async throws -> Guest {
        let limit = kernel.scaled(.seconds(seconds))
        return try await builders.guest(kernel: kernel, image: .bench, options: .init(commandLimit: limit))
    }

    private func text(of arguments: [String], in guest: Guest) async throws -> String {
        let directory = try RunDirectory(.evidence, in: builders.repository, kernel: kernel.name)
        return try await MeasuringCommand(progress: builders.progress).text(
            of: arguments, in: guest, directory)
    }
}
