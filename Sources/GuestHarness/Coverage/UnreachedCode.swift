// SPDX-License-Identifier: MIT

/// A line of the kernel's source that was not executed, or branches of it that were not taken.
public struct UnreachedCode: Codable, Equatable, Sendable {
    public var function: String
    /// The source line, without the space around it: unlike its number, it stays when something before it changes.
    public var text: String
    /// Of this many branches of the line; 0 where the whole line was not executed.
    public var branches: Int
    /// The reason why no test can reach it, or none does.
    public var reason: String?
    /// A race, or the compiler's choice of what to inline, decides whether a run reaches it, or how many branches of it:
    /// there may be fewer than that many, also none; and where there are 0, any.
    public var byChance: Bool?

    /// Tells whether it is the same place, whatever is known of it.
    func isSamePlace(as other: UnreachedCode) -> Bool { function == other.function && text == other.text }

    /// Tells whether what a run did not reach is as this entry of the list says.
    func covers(_ found: UnreachedCode) -> Bool {
        isSamePlace(as: found)
            && (branches == found.branches
                || byChance == true && (branches == 0 || (1...branches).contains(found.branches)))
    }

    var description: String {
        "\(function): \(text)" + (branches == 0 ? "" : " (\(branches) branch\(branches == 1 ? "" : "es"))")
    }
}
