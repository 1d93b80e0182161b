// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `kernel-patch/mutants`.
struct MutantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants",
        abstract: "Makes every small change to cleanup.c by machine and reports which check notices.",
        usage: """
            kernel-patch/mutants                    all of them
            kernel-patch/mutants --function NAME    those in functions whose name matches
            kernel-patch/mutants --list             the mutants; builds nothing
            """,
        discussion: """
            Each condition is negated and fixed, each boundary moved by one, each operator and number changed, each \
            statement left out. All mutants are in one kernel, in which a number selects one. First each check says \
            which it reaches; then those checks run on each mutant, the fastest first, until one does not pass or the \
            kernel goes down. The exit status is 0 only if every mutant was killed or is in \
            kernel-patch/mutants-equivalent.json with the reason why no test can kill it. Results are kept until the \
            kernel or the checks change, so an interrupted run goes on where it was.
            """)

    @Option(help: ArgumentHelp("Regular expression for names of functions.", valueName: "name"))
    var function: String?

    @Option(help: ArgumentHelp("The patched kernel to mutate.", valueName: "name"))
    var kernel = "patched"

    @Option(help: ArgumentHelp("File for the report. (default: build/mutants/report.json)"))
    var json: String?

    @Flag(help: "Show the mutants.")
    var list = false

    func run() async throws {
        let builders = try Builders()
        let run = try MutantRun(builders, of: kernel)
        let chosen: (Mutant) -> Bool
        if let function {
            guard let pattern = try? Regex(function) else {
                throw ValidationError("--function \(function): not a regular expression")
            }
            chosen = { $0.function.contains(pattern) }
        } else {
            chosen = { _ in true }
        }
        if list {
            for mutant in try await run.mutants().filter(chosen) {
                print("\(mutant.number)  \(mutant.description)")
            }
            return
        }
        try await builders.installPackages()
        let report = try await run.run(chosen)
        let file = json.map { FilePath($0) } ?? builders.repository.build.appending("mutants/report.json")
        try Files.write(json: report, to: file)
        print(report.lines.joined(separator: "\n"))
        print("report   \(file)")
        guard report.isGood else { throw ExitCode(1) }
    }
}
