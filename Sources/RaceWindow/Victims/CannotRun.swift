// SPDX-License-Identifier: MIT

/// A scenario needs something that this kernel, machine or user does not have. It says nothing about the race.
public struct CannotRun: Error, Equatable, CustomStringConvertible {
    /// The missing thing, and what to do about it.
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }

    public var description: String { reason }
}
