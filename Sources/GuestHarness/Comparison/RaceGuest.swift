// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import RaceReport
import Synchronization
import SystemPackage

/// Runs scenarios in one guest, one process of `robust-list-check race` each, and tells of each as it ends.
struct RaceGuest: Sendable {
    /// The result of one scenario.
    enum Result: Sendable {
        case finished(FinishedCell)
        /// It left no report; why.
        case broken(String)
    }

    /// The result of the guest.
    struct Ending: Sendable {
        /// Scenarios that the guest never got to.
        var left: [Scenario]
        /// The problem of the guest itself.
        var problem: String?
        /// The kernel reported a fault: what it said of any scenario is worth nothing.
        var isKernelFault: Bool
    }

    var guest: Guest
    var quick: Bool

    /// A message of the script in the guest about one scenario.
    private struct Record: Decodable {
        var begun: String?
        var ended: String?
        var status: Int?
        /// nil when there was none.
        var report: Swift.Result<RaceReport, any Error>?

        enum CodingKeys: CodingKey {
            case begun, ended, status, report
        }

        /// A report that makes no sense must not hide which scenario it is of.
        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            begun = try values.decodeIfPresent(String.self, forKey: .begun)
            ended = try values.decodeIfPresent(String.self, forKey: .ended)
            status = try values.decodeIfPresent(Int.self, forKey: .status)
            if values.contains(.report), try !values.decodeNil(forKey: .report) {
                report = Swift.Result { try values.decode(RaceReport.self, forKey: .report) }
            }
        }
    }

    /// Limit for one scenario, after which it counts as stuck; the program's own limits are far below.
    private static let limitOfOne = Duration.seconds(180)

    /// Carries the scenario "$id" out and leaves a report in /tmp/race.json.
    private static func program(of architecture: Architecture, quick: Bool) -> String {
        guard architecture.runsSwift else { return "\(GuestPath.race) \"$id\" /tmp/race.json" }
        return
            "\(GuestPath.robustListCheck) race \(quick ? "--quick " : "")--scenario \"^$id\\$\" --json /tmp/race.json"
    }

    /// Each scenario in a process of its own: one that crashes, or brings the kernel down, takes no other with it.
    private static func script(_ program: String) -> String {
        """
        for id do
            printf '\\036{"begun":"%s"}\\n' "$id"
            /bin/busybox rm -f /tmp/race.json
            \(program) </dev/null >&2
            printf '\\036{"ended":"%s","status":%d,"report":' "$id" $?
            /bin/busybox cat /tmp/race.json 2>/dev/null || printf null
            printf '}\\n\\036'
        done >\(GuestPath.events)
        """
    }

    static func request(
        for scenarios: [Scenario], on architecture: Architecture, quick: Bool
    ) -> GuestRequest {
        GuestRequest(
            root: .image, workingDirectory: "/tmp", environment: ["PATH=/usr/bin:/bin", "HOME=/root"],
            arguments: ["/bin/busybox", "sh", "-c", script(program(of: architecture, quick: quick)), "sh"]
                + scenarios.map(\.identifier))
    }

    /// - Parameters:
    ///   - begun: called when a scenario is started, on a thread of the guest's conversation, as is
    ///   - ended: which is called once for each scenario that was started.
    func run(
        _ scenarios: [Scenario], in directory: RunDirectory,
        begun: @escaping @Sendable (Scenario) -> Void, ended: @escaping @Sendable (Scenario, Result) -> Void
    ) async throws -> Ending {
        let run = directory.name
        let known = Dictionary(uniqueKeysWithValues: scenarios.map { ($0.identifier, $0) })
        let state = Mutex(State(left: scenarios))
        let log = try FileDescriptor.open(
            directory.suiteOutput, .writeOnly, options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        let outcome = try await log.closeAfter {
            let sinks = Guest.Sinks(
                output: { _ = try? log.writeAll($0) }, error: { _ = try? log.writeAll($0) },
                events: { bytes in
                    for text in state.withLock({ $0.sequence.append(bytes) }) {
                        guard let record = try? JSONDecoder().decode(Record.self, from: Data(text)) else {
                            state.withLock {
                                $0.unreadable =
                                    $0.unreadable ?? String(decoding: text.prefix(200), as: UTF8.self)
                            }
                            continue
                        }
                        if let scenario = record.begun.flatMap({ known[$0] }) {
                            state.withLock { $0.begin(scenario) }
                            begun(scenario)
                        }
                        if let scenario = record.ended.flatMap({ known[$0] }) {
                            state.withLock { $0.running = nil }
                            ended(scenario, result(of: scenario, record, run))
                        }
                    }
                })
            return try await guest.run(
                Self.request(for: scenarios, on: guest.architecture, quick: quick), in: directory,
                sinks: sinks)
        }
        let final = state.withLock { $0 }
        var problem =
            outcome.status == 0
            ? nil : outcome.message ?? "the script in the guest ended with \(outcome.status)"
        if problem == nil, let text = final.unreadable {
            problem = "the guest sent what is no record: \(text); see \(directory.path)"
        }
        if let scenario = final.running {
            ended(scenario, .broken(problem ?? "it did not end"))
        }
        return Ending(left: final.left, problem: problem, isKernelFault: !outcome.faults.isEmpty)
    }

    private struct State: Sendable {
        var left: [Scenario]
        var running: Scenario?
        var sequence = TextSequence()
        var unreadable: String?

        mutating func begin(_ scenario: Scenario) {
            running = scenario
            left.removeAll { $0 == scenario }
        }
    }

    private func result(of scenario: Scenario, _ record: Record, _ run: String) -> Result {
        guard let report = record.report else {
            return .broken(
                "the program ended with \(record.status ?? -1) and without a report; see build/runs/\(run)/output.log"
            )
        }
        do {
            return .finished(
                try FinishedCell(report.get(), of: scenario, accelerator: guest.accelerator, run: run))
        } catch {
            return .broken("\(error)")
        }
    }

    /// For all of the scenarios.
    static func limit(for count: Int) -> Duration { limitOfOne * count }
}
