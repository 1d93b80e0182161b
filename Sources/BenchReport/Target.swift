// SPDX-License-Identifier: MIT

/// An upper limit for a cost of the call, in guest instructions.
public struct Target: Equatable, Sendable {
    /// The value that is compared with the limit.
    public enum Quantity: Equatable, Sendable {
        /// The cost of the measurement of this name.
        case cost(String)
        /// The slope of the line through the series of this name.
        case slope(String)
        /// The cost of the first less that of the second.
        case difference(String, String)
        /// The slope of the first series less that of the second.
        case slopeDifference(String, String)

        /// nil when the report does not have it.
        func value(in report: BenchReport) -> Double? {
            switch self {
            case .cost(let name): report.cost(name)
            case .slope(let series): report.line(series)?.slope
            case .difference(let name, let base):
                report.cost(name).flatMap { cost in report.cost(base).map { cost - $0 } }
            case .slopeDifference(let series, let base):
                report.line(series).flatMap { line in report.line(base).map { line.slope - $0.slope } }
            }
        }
    }

    /// A part of the value that is not the call's own work; shown when the limit is missed.
    public struct Part: Equatable, Sendable {
        public var title: String
        public var quantity: Quantity
    }

    public var title: String
    public var quantity: Quantity
    public var limit: Double
    public var part: Part?

    /// nil when the report does not have it.
    public func value(in report: BenchReport) -> Double? { quantity.value(in: report) }

    /// The part to show beside the value: none when the limit is kept, or the report does not have it.
    public func explanation(in report: BenchReport) -> (title: String, value: Double)? {
        guard let part, let value = value(in: report), !isMet(by: value) else { return nil }
        return part.quantity.value(in: report).map { (part.title, $0) }
    }

    /// Tells whether a value is within the limit. A limit of 0 allows 17 instructions: 1 % of one call with a sharer,
    /// which is what two boots may differ by.
    public func isMet(by value: Double) -> Bool {
        value <= (limit > 0 ? limit : 17)
    }

    /// All that are counted in instructions, and the only place where they are; ``CallersReport/target`` is in another
    /// unit.
    public static let all = [
        Target(title: "one process, one thread", quantity: .cost("own-threads/1"), limit: 1_100),
        Target(title: "FUTEX2_PRIVATE, one thread", quantity: .cost("private-threads/1"), limit: 680),
        Target(title: "one other sharer", quantity: .cost("sharers/1"), limit: 1_750),
        Target(title: "each further thread, own process", quantity: .slope("own-threads"), limit: 90),
        Target(
            title: "each further thread, other process", quantity: .slope("sharer-threads"), limit: 540,
            part: Part(
                title: "of it finding the mapping of its stack",
                quantity: .slopeDifference("sharer-threads", "sharer-threads-one-mapping"))),
        Target(
            title: "the same, stacks in one mapping", quantity: .slope("sharer-threads-one-mapping"),
            limit: 350),
        Target(title: "128 sharers of one thread", quantity: .cost("sharers/128"), limit: 98_000),
        Target(
            title: "4,000 unrelated processes", quantity: .difference("unrelated/4000", "unrelated/0"),
            limit: 0),
        Target(
            title: "60,000 mappings of the page in one process", quantity: .cost("mappings/60000"),
            limit: 2_700_000),
    ]
}
