// SPDX-License-Identifier: MIT

import Glibc

/// A program in Swift: classes, tasks and a robust mutex, with the runtime's own symbols in it.
final class Lock {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_setrobust(&attributes, Int32(PTHREAD_MUTEX_ROBUST))
        pthread_mutex_init(mutex, &attributes)
    }

    deinit { print("destroyed", pthread_mutex_destroy(mutex)) }
}

@main
struct Program {
    static func main() async {
        let words = await withTaskGroup(of: String.self) { group in
            for number in 0..<50 { group.addTask { String(repeating: "x", count: number) } }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        _ = Lock()
        print(words.map(\.count).reduce(0, +))
    }
}
