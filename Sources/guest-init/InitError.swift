// SPDX-License-Identifier: MIT

import Glibc

/// The reason why init cannot go on: the operation, its object, and the kernel's error.
struct InitError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }

    /// A failed system call; reads `errno`.
    init(failed operation: String) {
        description = "\(operation): \(errnoText())"
    }
}

func errnoText() -> String {
    String(cString: strerror(errno))
}

/// Runs `call` again while a signal interrupts it.
///
/// - Returns: its result, never -1.
/// - Throws: what failed, when it failed for another reason than EINTR.
@discardableResult
func check<Result: SignedInteger>(_ operation: String, _ call: () -> Result) throws(InitError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        if errno != EINTR { throw InitError(failed: operation) }
    }
}
