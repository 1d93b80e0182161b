// SPDX-License-Identifier: MIT

import GuestProtocol
import Synchronization

/// The end of a guest's command, and all that it wrote.
struct GuestTranscript: Sendable {
    var outcome: Outcome
    var output: [UInt8]
    var error: [UInt8]

    var text: String { String(decoding: output, as: UTF8.self) }
}

extension Guest {
    /// Runs the command of `request` and keeps what it writes.
    ///
    /// - Parameters:
    ///   - onLine: is told each line of its standard output as it comes, without its end.
    ///   - onErrorLine: the same of its standard error.
    func transcript(
        of request: GuestRequest, in directory: RunDirectory,
        onLine: @escaping @Sendable (String) -> Void = { _ in },
        onErrorLine: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> GuestTranscript {
        let output = Lines(onLine)
        let error = Lines(onErrorLine)
        let outcome = try await run(
            request, in: directory,
            sinks: Sinks(output: { output.append($0) }, error: { error.append($0) }))
        return GuestTranscript(outcome: outcome, output: output.bytes, error: error.bytes)
    }
}

/// Bytes that come in pieces, and the lines that they make. Thread-safe.
private final class Lines: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        /// The start of the line that has no end yet.
        var start = 0
    }
    private let state = Mutex(State())
    private let onLine: @Sendable (String) -> Void

    init(_ onLine: @escaping @Sendable (String) -> Void) { self.onLine = onLine }

    var bytes: [UInt8] { state.withLock { $0.bytes } }

    func append(_ more: [UInt8]) {
        let lines = state.withLock { state in
            var lines: [String] = []
            for byte in more {
                if byte == UInt8(ascii: "\n") {
                    lines.append(String(decoding: state.bytes[state.start...], as: UTF8.self))
                    state.start = state.bytes.count + 1
                }
                state.bytes.append(byte)
            }
            return lines
        }
        lines.forEach(onLine)
    }
}

/// Counts lines and shows their number as progress. Thread-safe.
final class LineCount: Sendable {
    private let value = Mutex(0)
    private let progress: Progress
    private let what: String

    /// - Parameter what: follows the number, as in `tests ended`.
    init(_ what: String, progress: Progress) {
        self.what = what
        self.progress = progress
    }

    func add() {
        let count = value.withLock {
            $0 += 1
            return $0
        }
        progress.update("\(count) \(what)")
    }

    /// Counts the line if it is a result of KTAP's outermost level: those of the tests in a program are behind a number sign.
    func addResult(_ line: String) {
        if line.hasPrefix("ok ") || line.hasPrefix("not ok ") { add() }
    }
}
