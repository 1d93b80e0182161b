// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A result in a file, which is good for as long as what it depends on is the same: an interrupted run goes on where it
/// was.
struct KeptResult<Value: Codable> {
    private let file: FilePath
    private let stamp: FilePath

    init(of name: String, in directory: FilePath) {
        (file, stamp) = (directory.appending("\(name).json"), directory.appending("\(name).inputs"))
    }

    /// The kept value, or what `make` makes, which is then kept.
    func value(for lines: [String], make: () async throws -> Value) async throws -> Value {
        let inputs = Data(lines.joined(separator: "\n").utf8)
        if (try? Files.read(stamp)) == inputs, let data = try? Files.read(file),
            let value = try? JSONDecoder().decode(Value.self, from: data)
        {
            return value
        }
        try Files.remove(stamp)
        let value = try await make()
        try Files.write(JSONEncoder().encode(value), to: file)
        try Files.write(inputs, to: stamp)
        return value
    }
}
