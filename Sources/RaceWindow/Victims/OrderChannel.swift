// SPDX-License-Identifier: MIT

import CRaceVictim
import Glibc
import RobustFutex
import TestProcesses

/// The runner's end of the socket to one thread of a victim: one order, one answer.
final class OrderChannel {
    /// The name of the other side in messages.
    let name: String
    private let near: MessageSocket
    /// The victim's end, to be inherited by it; closed here by ``start()``.
    private(set) var far: Int32

    init(name: String) throws {
        let ends = try MessageSocket.pair()
        self.name = name
        near = MessageSocket(ends.0)
        far = ends.1
    }

    /// The victim has its end: from now on that one's closing shows here.
    func start() {
        guard far >= 0 else { return }
        close(far)
        far = -1
    }

    /// Gives the order and waits for what it returned.
    @discardableResult
    func order(_ code: crv_code, _ arguments: UInt64...) throws -> crv_answer {
        try send(code, arguments)
        return try answer("\(name) to carry out order \(code.rawValue)")
    }

    /// Gives an order that the library's function has to answer with `expected`.
    func order(_ code: crv_code, _ arguments: UInt64..., returning expected: Int32, _ what: String) throws {
        try send(code, arguments)
        try expectAnswer(expected, what)
    }

    /// Gives the order only.
    func send(_ code: crv_code, _ arguments: [UInt64]) throws {
        var order = crv_order()
        order.code = code.rawValue
        MessageSocket.store(arguments, in: &order.arguments)
        _ = try required("\(name) cannot be given an order", near.send(order))
    }

    /// The answer to the order given last.
    func answer(_ what: @autoclosure () -> String) throws -> crv_answer {
        var answer = crv_answer()
        guard try near.receive(&answer, from: name, what()) else {
            throw CheckError.broken("\(name) is gone; expected \(what())")
        }
        return answer
    }

    func expectAnswer(_ expected: Int32, _ what: String) throws {
        let value = try answer("\(what) of \(name)").value
        guard value != expected else { return }
        throw UnexpectedAnswer(what: "\(what) of \(name)", value: value, expected: Int64(expected))
    }

    /// A descriptor that the victim sends before it answers its first order; the answer, when it sends none.
    func descriptorOrAnswer(_ what: String) throws -> (descriptor: Int32?, answer: crv_answer) {
        var answer = crv_answer()
        let message = near.receive(&answer)
        guard message.count > 0 else {
            throw CheckError.broken("\(what) of \(name) did not come: \(resultName(message.count))")
        }
        return (message.descriptor < 0 ? nil : message.descriptor, answer)
    }

    /// Tells whether the answer to the last order has come, without taking it.
    var hasAnswer: Bool { ready(milliseconds: 0) }

    /// To be waited for together with others.
    var pollRequest: pollfd { pollfd(fd: near.descriptor, events: Int16(POLLIN), revents: 0) }

    private func ready(milliseconds: Int32) -> Bool {
        var request = pollRequest
        return poll(&request, 1, milliseconds) == 1
    }

    deinit {
        if far >= 0 { close(far) }
    }
}

/// A function of the C library returned something else than it must at that point.
struct UnexpectedAnswer: Error, CustomStringConvertible {
    var what: String
    var value: Int64
    var expected: Int64

    var description: String {
        "\(what): expected \(Self.name(expected)), observed \(Self.name(value))"
    }

    /// The pthread functions return error numbers as they are, the raw calls negative ones.
    private static func name(_ value: Int64) -> String {
        switch value {
        case Int64(EOWNERDEAD): "EOWNERDEAD"
        case Int64(EBUSY): "EBUSY"
        case Int64(ENOTRECOVERABLE): "ENOTRECOVERABLE"
        default: value < 0 ? resultName(Int(value)) : "\(value)"
        }
    }
}
