// SPDX-License-Identifier: MIT

/// The results of a C library's tests in one place, read from lines `pass NAME`, `fail NAME: why`, `skip NAME: why`.
public struct LibraryTestResults: Equatable, Sendable {
    public enum Verdict: String, Sendable {
        case passed = "pass"
        case failed = "fail"
        case skipped = "skip"
    }

    public struct Result: Equatable, Sendable {
        public var verdict: Verdict
        /// Empty for a test that passed.
        public var reason: String
    }

    public private(set) var results: [String: Result] = [:]

    public init(_ output: String) {
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let verdict = Verdict(rawValue: String(words[0])) else { continue }
            let parts = words[1].split(separator: ": ", maxSplits: 1)
            results[String(parts[0])] = Result(
                verdict: verdict, reason: parts.count == 2 ? String(parts[1]) : "")
        }
    }

    public func count(_ verdict: Verdict) -> Int { results.values.count { $0.verdict == verdict } }
}

/// The tests of a patched C library held against those of the same version without the series.
public struct LibraryComparison: Sendable {
    public enum Place: String, CaseIterable, Sendable {
        /// A kernel without the call.
        case host
        /// A guest whose kernel has it.
        case guest = "patched guest"
    }

    public var library: String
    public var place: Place
    public var unpatched: LibraryTestResults
    public var patched: LibraryTestResults

    public init(
        library: String, place: Place, unpatched: LibraryTestResults, patched: LibraryTestResults
    ) {
        self.library = library
        self.place = place
        self.unpatched = unpatched
        self.patched = patched
    }

    /// The test that glibc's series brings. There is a static one, too, which brings its own library.
    static let dynamicTestOfSeries = "tst-robust-destroy"

    /// Tells whether a test is about the series: no library without it can pass.
    static func isOfSeries(_ test: String) -> Bool {
        test.hasPrefix(dynamicTestOfSeries)
            || test.split(separator: "/").last?.hasPrefix("cleanup of") == true
    }

    /// A line for each test whose result is not what it must be.
    public var problems: [String] {
        var problems: [String] = []
        let ofSeries = patched.results.keys.filter(Self.isOfSeries)
        if ofSeries.isEmpty { problems.append("no test of the series left a result") }
        for test in Set(unpatched.results.keys).union(patched.results.keys).sorted() {
            let (old, new) = (unpatched.results[test], patched.results[test])
            guard Self.isOfSeries(test) else {
                // Failures of both are reported too: what fails all the time shows no difference.
                if new?.verdict == .failed {
                    problems.append("\(test): \(Self.text(new))")
                } else if old?.verdict != new?.verdict {
                    problems.append(
                        "\(test): \(Self.text(old)) without the series, \(Self.text(new)) with it")
                }
                continue
            }
            let expected: LibraryTestResults.Verdict = place == .guest ? .passed : .skipped
            if new?.verdict != expected {
                problems.append("\(test): \(Self.text(new)) with the series, not \(expected.rawValue)")
            }
            let withoutSeries: LibraryTestResults.Verdict = place == .guest ? .failed : .skipped
            let bringsLibrary = test == "\(Self.dynamicTestOfSeries)-static"
            if old?.verdict != withoutSeries, old != nil || !bringsLibrary {
                problems.append(
                    "\(test): \(Self.text(old)) without the series, not \(withoutSeries.rawValue): it shows nothing"
                )
            }
        }
        return problems.map { "\(library), \(place.rawValue): \($0)" }
    }

    private static func text(_ result: LibraryTestResults.Result?) -> String {
        guard let result else { return "no result" }
        return result.verdict.rawValue + (result.reason.isEmpty ? "" : " (\(result.reason))")
    }

    /// The row of a table.
    public var row: [String] {
        func counts(_ results: LibraryTestResults) -> String {
            "\(results.count(.passed)) passed, \(results.count(.failed)) failed, \(results.count(.skipped)) skipped"
        }
        return [library, place.rawValue, counts(unpatched), counts(patched)]
    }

    public static let header = ["library", "place", "without the series", "with it"]
}
