// SPDX-License-Identifier: MIT

import Glibc

/// Carries `body` out in a thread of its own, which ends with it: for what cannot be undone in a thread.
package func inNewThread<Value>(_ body: @escaping () throws -> Value) throws -> Value {
    let work = Work(body)
    var thread = pthread_t()
    let error = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<AnyWork>.fromOpaque(argument!).takeUnretainedValue().run()
            return nil
        }, Unmanaged<AnyWork>.passUnretained(work).toOpaque())
    guard error == 0 else { throw CheckError.broken("no thread: \(error)") }
    pthread_join(thread, nil)
    return try work.result!.get()
}

private class AnyWork {
    func run() {}
}

private final class Work<Value>: AnyWork {
    private let body: () throws -> Value
    private(set) var result: Result<Value, any Error>?

    init(_ body: @escaping () throws -> Value) {
        self.body = body
    }

    override func run() {
        result = Result(catching: body)
    }
}
