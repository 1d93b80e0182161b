// SPDX-License-Identifier: MIT

import ArgumentParser
import Glibc
import RaceReport
import RaceWindow
import SystemPackage

struct RaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "race",
        abstract: "Show the race window of this machine's C library on this kernel.",
        discussion: """
            Stops an unmodified pthread_mutex_unlock() before each of its instructions in turn, has another process \
            lock, unlock, destroy and reuse the lock, kills the unlocker, and examines the memory. Only memory of \
            processes that it started itself is ever corrupted.

            Without options: this machine's C library, an uncontended lock in shared memory, and a drawing of the \
            window. With --libc the same for a C library of yours, such as that in a container's image. With \
            --unlocker, --scenario, --destroyer or --all: every chosen scenario, one line each.

            A scenario is TECHNIQUE/UNLOCKER/VARIANT/MEMORY/KILLER/DESTROYER; --list shows them. Exits 0 if \
            every scenario that can run here had the result that this kernel and this C library must give, which can \
            be corruption; 1 if one did not; 4 if none can run; 69 if none was chosen.
            """)

    @Option(
        name: .customLong("unlocker"),
        help: "Whose unlock to test: \(names(Scenario.Unlocker.self)); may be repeated.")
    var unlockers: [Scenario.Unlocker] = []

    @Option(
        name: .customLong("destroyer"),
        help: "How to destroy the lock: \(names(Scenario.Destroyer.self)); may be repeated.")
    var destroyers: [Scenario.Destroyer] = []

    @Option(
        name: .customLong("scenario"),
        help: "Choose the scenarios that match this regular expression; may be repeated.")
    var patterns: [String] = []

    @Flag(
        help:
            "Choose also the scenarios with patched C libraries, the preload, Boost.Interprocess, and other kinds of mutexes, which otherwise run only if --scenario or --destroyer selects them."
    )
    var all = false

    @Option(
        name: .customLong("libc"),
        help: ArgumentHelp(
            "Test this C library: a libc.so.6 of glibc 2.14 or newer, or musl's ld-musl-x86_64.so.1.",
            valueName: "file"))
    var library: String?

    @Flag(help: "Try only the boundaries in and right beside the race window.")
    var quick = false

    @Flag(help: "Draw the window of every scenario.")
    var draw = false

    @Flag(help: "Print the chosen scenarios and run none.")
    var list = false

    @Option(
        name: .customLong("victims"),
        help: "Directory of the programs that `victims` builds. (default: race-victims beside this program)")
    var directory: String?

    @OptionGroup var report: ReportOptions

    func run() throws {
        let given = try givenLibrary()
        let directory = try directory.map { FilePath($0) } ?? VictimPrograms.besideThisProgram().directory
        let programs = VictimPrograms(in: directory, library: given)
        let isSurvey = list || all || !unlockers.isEmpty || !patterns.isEmpty || !destroyers.isEmpty
        if isSurvey {
            try survey(programs)
        } else {
            try showThisMachine(programs)
        }
    }

    private func givenLibrary() throws -> GivenLibrary? {
        do {
            return try library.map { try GivenLibrary(at: FilePath($0)) }
        } catch let error as CannotRun {
            complain("--libc \(error.reason)")
            throw Status.cannotCreate
        }
    }

    /// Every scenario chosen, a line each.
    private func survey(_ programs: VictimPrograms) throws {
        let scenarios = try chosen()
        if list {
            for scenario in scenarios { print(scenario.identifier) }
            return
        }
        let file = try report.open()
        let result = try RaceRun(programs: programs, quick: quick)
            .run(scenarios, command: CommandLine.arguments) { number, cell in
                say("\(number)/\(scenarios.count) \(RaceText.line(cell))")
                if draw { for line in WindowDrawing(cell).lines { say(line) } }
            }
        say(RaceText.totals(result))
        try report.write(result, to: file)
        try RaceText.judge(result)
    }

    /// The flagship scenario of the C library that this machine has.
    private func showThisMachine(_ programs: VictimPrograms) throws {
        let file = try report.open()
        let machine = try MachineLibrary.find(programs)
        defer { machine.close() }
        let run = RaceRun(programs: machine.programs, quick: quick)
        let scenarios = [Scenario.Destroyer.legacy, .cleanup].map {
            Scenario(.singleStep, machine.unlocker, .plain, .shared, .sigkill, $0)
        }
        let library = try? run.library(of: machine.unlocker)
        let result = try run.run(scenarios, command: CommandLine.arguments)
        for line in RaceText.introduction(result.kernel, library, machine) { say(line) }
        for cell in result.cells {
            for line in RaceText.story(cell) { say(line) }
        }
        for line in machine.hints { say(line) }
        try report.write(result, to: file)
        try RaceText.judge(result)
    }

    private func chosen() throws -> [Scenario] {
        let expressions: [Regex<AnyRegexOutput>]
        do {
            expressions = try patterns.map { try Regex($0) }
        } catch {
            throw ValidationError("--scenario: not a regular expression: \(error)")
        }
        let everything = all || !patterns.isEmpty || !destroyers.isEmpty
        let scenarios = (everything ? Scenario.all : Scenario.standard).filter { scenario in
            (library == nil || scenario.unlocker == .glibc64 || scenario.unlocker == .musl)
                && (unlockers.isEmpty || unlockers.contains(scenario.unlocker))
                && (destroyers.isEmpty || destroyers.contains(scenario.destroyer))
                && (expressions.isEmpty
                    || expressions.contains { scenario.identifier.firstMatch(of: $0) != nil })
        }
        guard scenarios.isEmpty else { return scenarios }
        complain("these options choose no scenario; see race --list")
        throw Status.nothingChosen
    }

    /// Prints a line at once, for whoever watches.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func names<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> String
    {
        type.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension Scenario.Unlocker: ExpressibleByArgument {}
extension Scenario.Destroyer: ExpressibleByArgument {}
