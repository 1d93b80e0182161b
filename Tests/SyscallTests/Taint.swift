// SPDX-License-Identifier: MIT

import Glibc
import GuestProtocol
import Testing

/// Runs `body` and, in a guest, tells the harness what it did to the kernel's taint flags.
func recordingTaint(of function: String, _ body: () throws -> Void) throws {
    guard getenv(TaintRecord.variable) != nil else { return try body() }
    let before = try kernelTaint()
    let result = Result { try body() }
    let line = TaintRecord(function: function, before: before, after: try kernelTaint()).line + "\n"
    // In one piece, which other writers cannot part.
    try #require(write(STDOUT_FILENO, line, line.utf8.count) == line.utf8.count)
    try result.get()
}

private func kernelTaint() throws -> UInt64 {
    let file = open(TaintRecord.file, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0, "cannot open \(TaintRecord.file): \(String(cString: strerror(errno)))")
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, bytes.count)
    let text = String(
        decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return try #require(UInt64(text), "\(TaintRecord.file) holds no number: '\(text)'")
}
