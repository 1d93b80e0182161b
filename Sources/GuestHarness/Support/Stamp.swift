// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A file that says what something was made from: it is current for as long as that is the same.
///
/// Cleared before the thing is made and set afterwards, so that an interrupted run leaves none.
struct Stamp<Inputs: Codable & Equatable> {
    let file: FilePath

    init(_ file: FilePath) {
        self.file = file
    }

    /// The inputs that it was made from; nil when it was not made, or not to the end.
    var inputs: Inputs? {
        guard let data = try? Files.read(file) else { return nil }
        return try? JSONDecoder().decode(Inputs.self, from: data)
    }

    func isCurrent(for inputs: Inputs) -> Bool { self.inputs == inputs }

    func clear() throws { try Files.remove(file) }

    func set(_ inputs: Inputs) throws { try Files.write(JSONEncoder().encode(inputs), to: file) }
}
