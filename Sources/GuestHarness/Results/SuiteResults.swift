// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol

/// The result of one test function.
public enum Verdict: Codable, Equatable, Sendable {
    case passed
    /// Expectations that did not hold, one text for each issue.
    case failed([String])
    case skipped(reason: String)
    /// It was there and left no evidence of either: the process died, or never got to it.
    case broken(reason: String)

    public var word: String {
        switch self {
        case .passed: "passed"
        case .failed: "failed"
        case .skipped: "skipped"
        case .broken: "broken"
        }
    }
}

public struct TestResult: Codable, Equatable, Sendable {
    /// As in the stream: `Module.Suite/function()/File.swift:line:column`.
    public var id: String
    public var displayName: String?
    public var verdict: Verdict
    /// From its start to its end; nil when it has none.
    public var seconds: Double?
    /// nil when the test left no record of it.
    public var taint: KernelTaint?

    /// The identifier without the source location.
    public var name: String {
        let parts = id.split(separator: "/")
        guard let last = parts.last, last.contains(".swift:") else { return id }
        return parts.dropLast().joined(separator: "/")
    }
}

/// The results of a test run, built up from its event stream while it runs.
///
/// A test is broken until there is evidence that it is not.
public struct SuiteResults: Sendable {
    /// In the order of discovery.
    public var tests: [TestResult] {
        judged.map { test in
            var test = test
            // Records come another way than events do, and perhaps earlier.
            test.taint = test.name.split(separator: "/").last.flatMap { taints[String($0)] }
            return test
        }
    }
    /// Tells whether the runner said that it had finished.
    public private(set) var runEnded = false
    /// Lines that are no records; a sound stream has none.
    public private(set) var unreadable = 0
    /// Taint flags that came while no test ran, in words.
    public private(set) var taintBetweenTests: [String] = []

    private var index: [String: Int] = [:]
    private var issues: [String: [String]] = [:]
    private var starts: [String: Double] = [:]
    private var skips: [String: String] = [:]
    private var splitter = LineSplitter()
    private var outputSplitter = LineSplitter()
    private var lastTaint: UInt64?
    private var judged: [TestResult] = []
    private var taints: [String: KernelTaint] = [:]

    public init() {}

    /// Takes in what the stream brought next, cut anywhere.
    public mutating func append(_ bytes: [UInt8]) {
        for line in splitter.append(bytes) {
            guard let record = try? JSONDecoder().decode(StreamRecord.self, from: Data(line)) else {
                unreadable += 1
                continue
            }
            take(record)
        }
    }

    /// Takes in what the suite wrote to its standard output next, cut anywhere: records among other lines.
    public mutating func appendOutput(_ bytes: [UInt8]) {
        for line in outputSplitter.append(bytes) {
            guard let record = TaintRecord(String(decoding: line, as: UTF8.self)) else { continue }
            taintBetweenTests += KernelTaint.words(record.before & ~(lastTaint ?? record.before))
            lastTaint = record.after
            taints[record.function] = KernelTaint(before: record.before, after: record.after)
        }
    }

    public func count(_ word: String) -> Int {
        judged.count { $0.verdict.word == word }
    }

    /// Number of tests that have a verdict so far.
    public var finished: Int { judged.count - count("broken") }

    private mutating func take(_ record: StreamRecord) {
        let payload = record.payload
        if record.kind == "test" {
            guard payload.kind == "function", let id = payload.id, index[id] == nil else { return }
            index[id] = judged.count
            judged.append(
                TestResult(
                    id: id, displayName: payload.displayName, verdict: .broken(reason: "never started")))
            return
        }
        guard record.kind == "event" else { return }
        if payload.kind == "runEnded" { runEnded = true }
        guard let id = payload.testID else { return }
        note(payload.instant?.absolute, of: payload.kind, id)
        let reason = payload.comments?.joined(separator: "; ") ?? ""
        switch payload.kind {
        case "testStarted": set(id, .broken(reason: "started and never ended"))
        case "testSkipped": set(id, .skipped(reason: reason))
        case "testCancelled": skips[id] = reason
        case "issueRecorded": note(payload, id)
        case "testEnded": set(id, verdict(of: payload, id))
        default: break
        }
    }

    private mutating func note(_ instant: Double?, of kind: String, _ id: String) {
        guard let instant, let position = index[id] else { return }
        switch kind {
        case "testStarted": starts[id] = instant
        case "testEnded": judged[position].seconds = starts[id].map { instant - $0 }
        default: break
        }
    }

    private mutating func note(_ payload: StreamRecord.Payload, _ id: String) {
        guard payload.issue?.isKnown == false, let messages = payload.messages,
            messages.first?.symbol == "fail"
        else {
            return
        }
        let place = payload.issue?.sourceLocation.map { "\($0.fileID):\($0.line): " } ?? ""
        issues[id, default: []].append(place + messages.map(\.text).joined(separator: "; "))
    }

    private func verdict(of payload: StreamRecord.Payload, _ id: String) -> Verdict {
        if let issues = issues[id] { return .failed(issues) }
        switch payload.messages?.first?.symbol {
        case "pass", "passWithKnownIssue", "passWithWarnings": return .passed
        case "skip": return .skipped(reason: skips[id] ?? "")
        case "fail": return .failed([payload.messages?.first?.text ?? ""])
        case let symbol: return .broken(reason: "ended with an unknown result '\(symbol ?? "")'")
        }
    }

    /// Suites have events of their own; only functions are counted.
    private mutating func set(_ id: String, _ verdict: Verdict) {
        guard let position = index[id] else { return }
        judged[position].verdict = verdict
    }
}
