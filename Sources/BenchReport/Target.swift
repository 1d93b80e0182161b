// SPDX-License-Identifier: MIT

/// What a cost of the call has to stay below, in guest instructions.
public struct Target: Equatable, Sendable {
    /// What is held against the limit.
    public enum Quantity: Equatable, Sendable {
        /// The cost of the measurement of this name.
        case cost(String)
        /// The slope of the line through the series of this name.
        case slope(String)
        /// The cost of the first less that of the second.
        case difference(String, String)
    }

    public var title: String
    public var quantity: Quantity
    public var limit: Double

    /// nil when the report does not have it.
    public func value(in report: BenchReport) -> Double? {
        switch quantity {
        case .cost(let name): report.cost(name)
        case .slope(let series): report.line(series)?.slope
        case .difference(let name, let base):
            report.cost(name).flatMap { cost in report.cost(base).map { cost - $0 } }
        }
    }

    /// Whether a value is within the limit. A target of nothing means: not more than 1 % of one call with a
    /// sharer, which is what two boots may differ by.
    public func isMet(by value: Double) -> Bool {
        value <= (limit > 0 ? limit : 25)
    }

    /// All of them, and the only place where they are.
    public static let all = [
        Target(title: "one process, one thread", quantity: .cost("own-threads/1"), limit: 1_500),
        Target(title: "FUTEX2_PRIVATE, one thread", quantity: .cost("private-threads/1"), limit: 1_000),
        Target(title: "one other sharer", quantity: .cost("sharers/1"), limit: 2_500),
        Target(title: "each further thread, own process", quantity: .slope("own-threads"), limit: 200),
        Target(title: "each further thread, other process", quantity: .slope("sharer-threads"), limit: 400),
        Target(title: "128 sharers of one thread", quantity: .cost("sharers/128"), limit: 130_000),
        Target(
            title: "1,000 unrelated processes", quantity: .difference("unrelated/1000", "unrelated/0"),
            limit: 0),
        Target(
            title: "60,000 mappings of the page in one process", quantity: .cost("mappings/60000"),
            limit: 3_000_000),
    ]
}
