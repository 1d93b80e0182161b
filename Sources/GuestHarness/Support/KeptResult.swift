// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A result in a file, which is good for as long as what it depends on is the same: an interrupted run goes on where it
/// was.
struct KeptResult<Value: Codable> {
    private let file: FilePath
    private let stamp: Stamp<[String]>

    init(of name: String, in directory: FilePath) {
        file = directory.appending("\(name).json")
        stamp = Stamp(directory.appending("\(name).inputs"))
    }

    /// The kept value, or what `make` makes, which is then kept.
    func value(for lines: [String], make: () async throws -> Value) async throws -> Value {
        if stamp.isCurrent(for: lines), let data = try? Files.read(file),
            let value = try? JSONDecoder().decode(Value.self, from: data)
        {
            return value
        }
        try stamp.clear()
        let value = try await make()
        try Files.write(JSONEncoder().encode(value), to: file)
        try stamp.set(lines)
        return value
    }
}
