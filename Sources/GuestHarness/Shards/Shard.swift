// SPDX-License-Identifier: MIT

/// One of several parts of a job, each of which may be done on a machine of its own: `--shard K/N`.
public struct Shard: Codable, Equatable, Sendable, CustomStringConvertible {
    /// From 1 on.
    public let number: Int
    public let count: Int

    /// - Parameter text: as in `2/3`.
    /// - Throws: bad usage.
    public init(_ text: String) throws {
        guard let match = text.wholeMatch(of: /(\d{1,6})\/(\d{1,6})/), let number = Int(match.1),
            let count = Int(match.2), number >= 1, number <= count
        else {
            throw HarnessError(
                "--shard '\(text)': give K/N, as in 2/3 for the second of three parts", status: .usage)
        }
        (self.number, self.count) = (number, count)
    }

    public var description: String { "\(number)/\(count)" }
    /// For the name of a file.
    public var fileSuffix: String { "-\(number)-of-\(count)" }

    /// The indices of its part of `all` things: neighbours, which have most in common.
    func range(of all: Int) -> Range<Int> {
        all * (number - 1) / count..<all * number / count
    }

    /// Refuses to do nothing.
    ///
    /// - Parameter things: the things that there are too few of, in the plural.
    func requireWork(_ all: Int, _ things: String) throws {
        guard range(of: all).isEmpty else { return }
        throw HarnessError(
            "--shard \(self): nothing to do, there are only \(all) \(things); use fewer parts", status: .usage
        )
    }
}
