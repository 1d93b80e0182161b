// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import SystemPackage

/// The findings about mutants so far, in a file: good for as long as kernel and checks are the same. Thread-safe.
final class KeptFindings: Sendable {
    private let file: FilePath
    private let findings: Mutex<[Int: MutantReport.Finding]>

    init(in directory: FilePath, inputs: [String]) {
        let mark = Digest.mark(of: inputs.joined(separator: "\n"))
        file = directory.appending("findings-\(mark).json")
        let kept = Self.findings(in: file)
        findings = Mutex(Dictionary(uniqueKeysWithValues: kept.map { ($0.mutant.number, $0) }))
    }

    /// None if the file is not there or is none.
    private static func findings(in file: FilePath) -> [MutantReport.Finding] {
        (try? Files.read(file)).flatMap {
            try? JSONDecoder().decode([MutantReport.Finding].self, from: $0)
        } ?? []
    }

    func finding(of mutant: Mutant) -> MutantReport.Finding? {
        guard var finding = findings.withLock({ $0[mutant.number] }) else { return nil }
        // By its number it is the same one; a file of another day may lack what names it now.
        finding.mutant = mutant
        return finding
    }

    /// The checks that killed mutants when kernel or checks were others, by the mutants' identities.
    static func formerKillers(in directory: FilePath) -> [String: String] {
        var killers: [String: String] = [:]
        for name in Files.list(directory) where name.hasPrefix("findings-") {
            for finding in findings(in: directory.appending(name)) where finding.verdict == .killed {
                killers[finding.mutant.identity] = finding.reason.split(separator: " ").first.map(String.init)
            }
        }
        return killers
    }

    /// Under the lock until it is written: guests end at the same time.
    func keep(_ finding: MutantReport.Finding) throws {
        try findings.withLock {
            $0[finding.mutant.number] = finding
            let all = $0.values.sorted { $0.mutant.number < $1.mutant.number }
            try Files.write(JSONEncoder().encode(all), to: file)
        }
    }
}

/// Reads what `robust-list-check mutants` prints, and keeps it. Thread-safe.
final class TrialReader: Sendable {
    private let mutants: [Int: Mutant]
    private let kept: KeptFindings
    private let progress: Progress
    private struct State {
        /// The one that is tried and has come to no result.
        var current: Int?
        /// The time at which the last one had ended, or the guest was started.
        var last = Date.now
        var ended = 0
        var problem: (any Error)?
    }
    private let state = Mutex(State())

    init(_ mutants: [Mutant], _ kept: KeptFindings, progress: Progress) {
        self.mutants = Dictionary(uniqueKeysWithValues: mutants.map { ($0.number, $0) })
        self.kept = kept
        self.progress = progress
    }

    /// - Parameter line: as in `trying 7`, `killed 7 Group/name failed`, `survived 7`.
    func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2, let number = Int(words[1]) else { return }
        switch words[0] {
        case "trying": state.withLock { $0.current = number }
        case "killed": keep(number, .killed, words.count > 2 ? words[2] : "")
        case "survived": keep(number, .survived, "")
        default: return
        }
    }

    private func keep(_ number: Int, _ verdict: MutantReport.Finding.Verdict, _ reason: String) {
        guard let mutant = mutants[number] else { return }
        let count = state.withLock {
            $0.current = nil
            $0.ended += 1
            let seconds = Date.now.timeIntervalSince($0.last)
            $0.last = .now
            do {
                try kept.keep(.init(mutant: mutant, verdict: verdict, reason: reason, seconds: seconds))
            } catch {
                $0.problem = error
            }
            return $0.ended
        }
        progress.update("\(count) of \(mutants.count) mutants tried")
    }

    /// The guest has gone: the one that it was trying has killed it.
    func end(_ reason: String) throws {
        let (current, problem) = state.withLock { ($0.current, $0.problem) }
        if let problem { throw problem }
        if let current { keep(current, .killed, "the guest: \(reason)") }
        if let problem = state.withLock({ $0.problem }) { throw problem }
    }
}
