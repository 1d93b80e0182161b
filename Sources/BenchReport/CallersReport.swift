// SPDX-License-Identifier: MIT

/// Calls that several processes make at once, with many unrelated processes and with none: what
/// `robust-list-check callers` measured on one kernel.
///
/// Wall time, since it is about processors that are in the call at the same time. So it is the ratio of rounds that
/// follow each other that is looked at, and beside it a count that does not depend on what else the machine did: how
/// often a call had the kernel search all processes.
public struct CallersReport: Codable, Equatable, Sendable {
    /// Raised whenever a reader of the previous form would misunderstand.
    public static let currentSchema = 1

    public var schema: Int
    public var kernel: BenchReport.Kernel
    /// Of the guest.
    public var processors: Int
    public var callers: Int
    /// Processes that do not map the memory, in one round of each pair.
    public var unrelated: Int
    public var pairs: [Pair]
    /// The reason why there are no pairs.
    public var skipped: String?

    public init(
        kernel: BenchReport.Kernel, processors: Int, callers: Int, unrelated: Int, pairs: [Pair],
        skipped: String? = nil
    ) {
        schema = Self.currentSchema
        self.kernel = kernel
        self.processors = processors
        self.callers = callers
        self.unrelated = unrelated
        self.pairs = pairs
        self.skipped = skipped
    }

    /// The calls of all callers together in one measured interval.
    public struct Round: Codable, Equatable, Sendable {
        public var calls: Int
        public var seconds: Double
        /// Searches of all processes in these calls.
        public var searches: Int

        public init(calls: Int, seconds: Double, searches: Int) {
            self.calls = calls
            self.seconds = seconds
            self.searches = searches
        }

        /// Calls per second.
        public var rate: Double { Double(calls) / seconds }
    }

    public struct Pair: Codable, Equatable, Sendable {
        /// With no unrelated process.
        public var without: Round
        public var with: Round

        public init(without: Round, with: Round) {
            self.without = without
            self.with = with
        }

        public var ratio: Double { with.rate / without.rate }
    }

    public var title: String {
        "\(Self.word(callers)) callers at once, with \(number(Double(unrelated))) unrelated processes, "
            + "against the same with none"
    }

    /// The median of the pairs'; nil without pairs.
    public var ratio: Double? { pairs.isEmpty ? nil : Self.median(pairs.map(\.ratio)) }

    private var rounds: [Round] { pairs.flatMap { [$0.without, $0.with] } }
    public var calls: Int { rounds.reduce(0) { $0 + $1.calls } }
    public var searches: Int { rounds.reduce(0) { $0 + $1.searches } }

    private static func word(_ count: Int) -> String {
        let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        return words.indices.contains(count) ? words[count] : "\(count)"
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

// MARK: What it has to be

extension CallersReport {
    /// The ratio to reach; below ``failure`` the verdict is a failure.
    public static let target = 0.95
    public static let failure = 0.85

    public enum Verdict: Equatable, Sendable {
        case met
        /// Shown, and no failure: other work of the machine can do that.
        case missed
        /// With the reason, in words.
        case failed(String)
    }

    /// nil without pairs.
    ///
    /// The count decides: a caller that makes another one search does so however fast the machine is. The ratio is
    /// there for what no count of searches knows.
    public var verdict: Verdict? {
        guard let ratio else { return nil }
        if searches > 0 {
            return .failed(
                "\(title): searches of all processes: \(number(Double(searches))) in "
                    + "\(number(Double(calls))) calls, which need none")
        }
        if ratio < Self.failure {
            return .failed("\(title): \(hundredths(ratio)), which is below \(hundredths(Self.failure))")
        }
        return ratio < Self.target ? .missed : .met
    }
}
