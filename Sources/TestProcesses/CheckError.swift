// SPDX-License-Identifier: MIT

import RobustFutex

/// The reason why a check did not pass. The first is about the kernel, the others about the check itself.
package enum CheckError: Error, Equatable, Sendable {
    /// The kernel did something else than the contract says.
    case failed(String)
    /// The check could not be carried out, so it says nothing about the kernel.
    case broken(String)
    /// Something that the check waits for did not happen in time.
    case timedOut(String)
}

extension CheckError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .failed(let what): what
        case .broken(let what): "broken check: \(what)"
        case .timedOut(let what): "timed out waiting for \(what)"
        }
    }
}

extension CheckError {
    /// The same reason, where a check goes through several cases.
    package func inCase(of what: String) -> CheckError {
        switch self {
        case .failed(let reason): .failed("\(what): \(reason)")
        case .broken(let reason): .broken("\(what): \(reason)")
        case .timedOut(let reason): .timedOut("\(reason) (\(what))")
        }
    }
}

/// The result of a request to the kernel that a check or a measurement needs and does not test.
@discardableResult
package func required(_ what: @autoclosure () -> String, _ result: Int) throws(CheckError) -> Int {
    guard result < 0 else { return result }
    throw .broken("\(what()): \(resultName(result))")
}
