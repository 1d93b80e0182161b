// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// Builds one kernel with all mutants of cleanup.c in it, and finds out which checks kill each.
public struct MutantRun: Sendable {
    private let builders: Builders
    private let kernel: Catalogue.Kernel

    /// - Parameter name: of a patched kernel; it is built with the mutants under another name.
    public init(_ builders: Builders, of name: String) throws {
        var kernel = try builders.catalogue.kernel(named: name)
        guard kernel.patched, kernel.base == builders.catalogue.bases[0].name, kernel.architecture == nil
        else {
            throw HarnessError(
                "the kernel '\(name)' has no cleanup.c of \(builders.catalogue.bases[0].name) whose checks run here",
                status: .usage)
        }
        kernel.name = name.replacing("patched", with: "mutants")
        self.kernel = kernel
        self.builders = builders
    }

    private static let source = "kernel/futex/cleanup.c"
    private var directory: FilePath { builders.repository.build.appending("mutants") }
    private var series: FilePath {
        get throws { builders.repository.root.appending(try builders.catalogue.base(of: kernel).series) }
    }
    /// The list of mutants that no test can kill, each with the reason.
    public var list: FilePath {
        builders.repository.root.pushing("kernel-patch/mutants-equivalent.json")
    }

    /// cleanup.c as the series has it.
    private func original() async throws -> String {
        let base = try builders.catalogue.base(of: kernel)
        let source = try await SourceStore(repository: builders.repository, progress: builders.progress)
            .source(of: base)
        let scratch = directory.appending("source-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? Files.remove(scratch) }
        try Files.makeDirectory(scratch)
        try await PatchSeries(directory: series).apply(filesOf: source.tree, in: scratch)
        return String(
            decoding: try Files.read(scratch.pushing(FilePath(Self.source))), as: UTF8.self)
    }

    public func mutants() async throws -> [Mutant] { MutantMaker(try await original()).mutants }

    /// The change of the file, as a patch.
    private func patch(_ old: String, _ new: String) async throws -> PatchSeries.Patch {
        let text = try await Self.difference(old, new, in: directory)
        let file = directory.appending("mutants.patch")
        try Files.write(Data(text.utf8), to: file)
        // Relative to the series.
        return PatchSeries.Patch(name: "../build/mutants/\(file.lastComponent!)", text: text)
    }

    /// The same text for the same contents at any time: results are kept by it.
    static func difference(_ old: String, _ new: String, in directory: FilePath) async throws -> String {
        let scratch = directory.appending("patch-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? Files.remove(scratch) }
        let names = ["a", "b"].map { "\($0)/\(source)" }
        for (name, text) in zip(names, [old, new]) {
            try Files.write(Data(text.utf8), to: scratch.pushing(FilePath(name)))
        }
        var lines = ["diff --git \(names[0]) \(names[1])"]
        // It has found a difference when it ends with 1. Without a label it prints the files' times.
        _ = try await Tool(
            "diff", ["-u", "--label", names[0], "--label", names[1]] + names, directory: scratch
        ).status { lines.append($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Guests go down when a mutant takes them down; how long they last is not known before.
    private static let options = Builders.GuestOptions(commandLimit: .seconds(86_400))

    /// Runs those whose results are not there yet. Those in the list of mutants that no test can kill are spared: each
    /// would take the time of all checks that reach it.
    ///
    /// - Parameters:
    ///   - equivalents: true to run those of the list, too.
    ///   - chosen: which ones.
    ///   - shard: the part of them that is run; nil: all.
    ///   - guests: the number that run at the same time.
    public func run(
        _ chosen: (Mutant) -> Bool, equivalents: Bool, shard: Shard?, guests: Int
    ) async throws -> MutantReport {
        let start = Date()
        let source = try await original()
        let maker = MutantMaker(source)
        var builders = builders
        builders.seriesChange.further = [try await patch(source, maker.text)]
        // For the file system that some checks mount; the guest needs no more than a command.
        _ = try await builders.make(.suite, for: builders.architecture)
        let guest = try await builders.guest(kernel: kernel, image: .command, options: Self.options)
        let inputs =
            try await builders.kernels.inputs(of: kernel)
            + SuiteSources(repository: builders.repository).identity()
        let kept = KeptFindings(in: directory, inputs: inputs)
        let map = try await KeptResult<[Reach]>(of: "map", in: directory).value(for: inputs) {
            try await builders.progress.stage("what each check reaches") {
                try await reach(in: guest, count: maker.mutants.count)
            }
        }
        let (part, place) = try Mutant.part(of: maker.mutants.filter(chosen), shard, kernel: kernel.name)
        let known = try known()
        let spared = equivalents ? [] : Set(known.map(\.mutant))
        var left = part.filter { kept.finding(of: $0) == nil && !spared.contains($0.identity) }
        for mutant in left where !map.contains(where: { $0.reaches(mutant.number) }) {
            try kept.keep(.init(mutant: mutant, verdict: .unreached, reason: ""))
        }
        left.removeAll { kept.finding(of: $0) != nil }
        let killers = KeptFindings.formerKillers(in: directory)
        let trials = left.reduce(into: [:]) { trials, mutant in
            trials[mutant.number] = Trial(of: mutant, map, first: killers[mutant.identity])
        }
        // It says which check it begins. One whose lock a mutant keeps with interrupts off says nothing any more.
        let limit = Duration.seconds(60 + (trials.values.map(\.longestStep).max() ?? 0))
        // Neighbours end in the same ways: dealt out, each guest gets some of all kinds.
        let work = DealtWork(to: guests)
        _ = try await work.results(of: work.shares(of: left)) { hand, mutants in
            try await tryOut(
                all: mutants, trials, in: guest.limited(toSilence: limit), kept, plan: "plan-\(hand + 1).json"
            )
        }
        return MutantReport(
            release: guest.kernel.release, seconds: Date().timeIntervalSince(start),
            findings: part.compactMap { mutant in
                kept.finding(of: mutant)
                    ?? (spared.contains(mutant.identity)
                        ? .init(mutant: mutant, verdict: .survived, reason: "") : nil)
            }, known: known,
            isWhole: part.count == maker.mutants.count, place: place)
    }

    /// The list of mutants that no test can kill.
    public func known() throws -> [EquivalentMutant] {
        guard Files.exists(list) else { return [] }
        do {
            return try JSONDecoder().decode([EquivalentMutant].self, from: Files.read(list))
        } catch let error as DecodingError {
            throw HarnessError("\(list): \(error)")
        }
    }

    // MARK: Guests

    /// The mutants whose place a check reaches.
    struct Reach: Codable {
        var check: String
        var milliseconds: Int
        /// Bits of bytes, as hexadecimal digits.
        var digits: String

        /// - Parameter line: as in `Group/name passed 12 ff00`.
        init?(_ line: String) {
            let words = line.split(separator: " ")
            guard words.count == 4, let time = Int(words[2]) else { return nil }
            check = String(words[0])
            milliseconds = time
            digits = String(words[3])
        }

        func reaches(_ number: Int) -> Bool {
            let byte = number / 8 * 2
            guard byte + 1 < digits.utf8.count else { return false }
            let start = digits.index(digits.startIndex, offsetBy: byte)
            let value = UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
            return value >> (number % 8) & 1 == 1
        }
    }

    /// The checks run in the host's files, as the plan is one of them.
    private func request(_ arguments: [String], _ guest: Guest) -> GuestRequest {
        let ext4 = builders.repository.images.appending("ext4.img")
        return GuestRequest(
            root: .host, sharedDirectory: builders.repository.root.string, workingDirectory: "/tmp",
            environment: [
                "PATH=/usr/bin:/bin", "HOME=/root", "ROBUST_LIST_EXT4_IMAGE=\(ext4)",
                "ROBUST_LIST_SLOWNESS=\(guest.kernel.slowness)",
            ], arguments: [builders.swift.products.robustListCheck.string, "mutants"] + arguments)
    }

    private func reach(in guest: Guest, count: Int) async throws -> [Reach] {
        let run = try RunDirectory(.mutate, in: builders.repository, kernel: kernel.name)
        let ended = LineCount("checks ended", progress: builders.progress)
        let transcript = try await guest.transcript(
            of: request([], guest), in: run, onLine: { _ in ended.add() })
        let lines = transcript.text.split(separator: "\n").map(String.init)
        guard lines.last == "done", transcript.outcome.faults.isEmpty else {
            throw HarnessError(
                "the checks did not run to their end on the code as it is: \(transcript.outcome.message ?? lines.last ?? "no output"); see \(run.path)"
            )
        }
        for line in lines
        where line.contains(" failed ") || line.contains(" broken ") || line.contains(" timed out ") {
            throw HarnessError("a check does not pass on the code as it is: \(line.prefix(120))")
        }
        return lines.compactMap(Reach.init)
    }

    private struct Trial: Codable {
        var number: Int
        var checks: [Step]

        /// - Parameter killer: the check that killed the mutant before.
        init(of mutant: Mutant, _ map: [Reach], first killer: String?) {
            number = mutant.number
            checks = MutantRun.order(map.filter { $0.reaches(mutant.number) }, first: killer).map(Step.init)
        }

        /// In seconds.
        var longestStep: Int { checks.map(\.limit).max() ?? 0 }

        struct Step: Codable {
            var check: String
            /// In seconds.
            var limit: Int

            /// Enough for a machine that is busier than it was; what takes longer has been stopped by the mutant.
            init(_ reach: Reach) {
                check = reach.check
                limit = max(20, reach.milliseconds * 10 / 1000)
            }
        }
    }

    /// Tries mutants in one guest after the other.
    private func tryOut(
        all mutants: [Mutant], _ trials: [Int: Trial], in guest: Guest, _ kept: KeptFindings,
        plan file: String
    ) async throws {
        var left = mutants
        while !left.isEmpty {
            // The guest beside this one may have failed.
            try Task.checkCancellation()
            let before = left.count
            try await builders.progress.stage(
                "\(mutants.count - before) of \(mutants.count) mutants; a guest"
            ) {
                try await tryOut(left, trials, in: guest, kept, plan: file)
            }
            left.removeAll { kept.finding(of: $0) != nil }
            guard left.count < before else {
                throw HarnessError("no mutant came to a result in the last guest; see \(directory)")
            }
        }
    }

    /// The fastest first, but before them the one that killed the mutant before.
    static func order(_ checks: [Reach], first killer: String?) -> [Reach] {
        checks.sorted {
            ($0.check == killer ? -1 : $0.milliseconds) < ($1.check == killer ? -1 : $1.milliseconds)
        }
    }

    /// Tries mutants until the guest goes down.
    private func tryOut(
        _ mutants: [Mutant], _ trials: [Int: Trial], in guest: Guest, _ kept: KeptFindings,
        plan name: String
    ) async throws {
        let plan = mutants.compactMap { trials[$0.number] }
        let file = directory.appending(name)
        try Files.write(JSONEncoder().encode(plan), to: file)
        let run = try RunDirectory(.mutate, in: builders.repository, kernel: kernel.name)
        let reader = TrialReader(mutants, kept, progress: builders.progress)
        let transcript = try await guest.transcript(
            of: request(["--plan", file.string], guest), in: run, onLine: reader.read)
        try Files.write(Data(transcript.output + transcript.error), to: run.suiteOutput)
        try reader.end(
            transcript.outcome.faults.first?.text ?? transcript.outcome.message ?? "the guest ended")
    }
}
