// SPDX-License-Identifier: MIT

/// Takes the functions of a C file in the kernel's style apart: into the places where code can be changed.
///
/// It knows what such a file is made of and no more: functions begin and end with a brace in the first column. Code that
/// it does not understand, macros with a block among it, it leaves alone.
struct CodeReader {
    /// A place in the text.
    struct Place: Equatable {
        enum Kind: Equatable {
            /// The condition of an if.
            case condition
            /// That of a loop.
            case loop
            /// The value that a function returns, or that a variable begins with.
            case value
            /// An expression with its semicolon.
            case statement
            /// break, continue or goto, with its semicolon.
            case jump
            /// A lock that is held to the end of the block: a guard() with its semicolon, or a scoped_guard() with its brace.
            case lock
        }
        var kind: Kind
        var range: Range<Int>
        var function: String
    }

    private let text: [Character]
    private var position = 0
    private var function = ""
    private(set) var places: [Place] = []

    init(_ text: String) {
        self.text = Array(text)
        readFile()
    }

    func text(of range: Range<Int>) -> String { String(text[range]) }

    /// The line, from 1, that a position is in.
    func line(of position: Int) -> Int { text[..<position].count { $0.isNewline } + 1 }

    // MARK: Characters

    private func character(_ offset: Int = 0) -> Character? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private func starts(with word: String) -> Bool {
        text[position...].starts(with: Array(word))
    }

    /// Moves to the next code: over white space, comments and lines of the preprocessor.
    private mutating func skipBlanks() {
        while let next = character() {
            if next.isWhitespace {
                position += 1
            } else if starts(with: "/*") {
                position = end(of: "*/", from: position + 2)
            } else if next == "#" {
                position = end(of: "\n", from: position)
            } else {
                return
            }
        }
    }

    private func end(of mark: String, from start: Int) -> Int {
        let mark = Array(mark)
        var place = start
        while place + mark.count <= text.count {
            if text[place..<place + mark.count].elementsEqual(mark) { return place + mark.count }
            place += 1
        }
        return text.count
    }

    private func word() -> String {
        String(text[position...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    /// The position behind the bracket that closes the one at `start`.
    private func behindBracket(at start: Int) -> Int {
        var depth = 0
        var place = start
        while place < text.count {
            switch text[place] {
            case "(", "[", "{": depth += 1
            case ")", "]", "}":
                depth -= 1
                if depth == 0 { return place + 1 }
            case "/" where place + 1 < text.count && text[place + 1] == "*":
                place = end(of: "*/", from: place + 2) - 1
            default: break
            }
            place += 1
        }
        return place
    }

    /// The first of `marks` outside of brackets.
    private func next(of marks: Set<Character>, from start: Int) -> Int? {
        var place = start
        while place < text.count {
            if marks.contains(text[place]) { return place }
            switch text[place] {
            case "(", "[": place = behindBracket(at: place)
            case "/" where place + 1 < text.count && text[place + 1] == "*":
                place = end(of: "*/", from: place + 2)
            default: place += 1
            }
        }
        return nil
    }

    // MARK: Code

    private mutating func readFile() {
        var lineStart = 0
        var header = ""
        while lineStart < text.count {
            let lineEnd = end(of: "\n", from: lineStart)
            let line = String(text[lineStart..<lineEnd])
            if line == "{\n" {
                function = Self.name(in: header)
                position = lineStart + 1
                readBlock()
                lineStart = position
            } else {
                if let first = line.first, first.isLetter { header = line }
                lineStart = lineEnd
            }
        }
    }

    /// The function's name, in the first line of its definition.
    private static func name(in header: String) -> String {
        if let call = header.firstMatch(of: /SYSCALL_DEFINE\d\((\w+)/) { return "sys_\(call.1)" }
        return header.firstMatch(of: /(\w+)\(/).map { String($0.1) } ?? "?"
    }

    /// Reads up to behind the brace that closes the block, whose opening one has been read.
    private mutating func readBlock() {
        while true {
            skipBlanks()
            guard let next = character() else { return }
            switch next {
            case "}":
                position += 1
                return
            case "{":
                position += 1
                readBlock()
            case ";": position += 1
            default: readStatement()
            }
        }
    }

    private mutating func add(_ kind: Place.Kind, _ range: Range<Int>) {
        places.append(Place(kind: kind, range: range, function: function))
    }

    private mutating func readStatement() {
        let word = word()
        switch word {
        case "if", "while", "for":
            let open = next(of: ["("], from: position)!
            position = behindBracket(at: open)
            let inside = open + 1..<position - 1
            switch word {
            case "if": add(.condition, inside)
            case "while": add(.loop, inside)
            default:
                if let first = next(of: [";"], from: inside.lowerBound),
                    let second = next(of: [";"], from: first + 1), !isBlank(first + 1..<second)
                {
                    add(.loop, trimmed(first + 1..<second))
                }
            }
        case "else", "do": position += word.count
        case "switch": position = behindBracket(at: next(of: ["("], from: position)!)
        case "case", "default": position = next(of: [":"], from: position)! + 1
        case "return":
            let end = next(of: [";"], from: position)!
            let value = trimmed(position + word.count..<end)
            if !value.isEmpty { add(.value, value) }
            position = end + 1
        case "break", "continue", "goto":
            let end = next(of: [";"], from: position)! + 1
            add(.jump, position..<end)
            position = end
        default:
            // A block behind it: a macro that loops or holds a lock.
            let end = next(of: [";", "{"], from: position)!
            let range = position..<end + 1
            if isLock(range) {
                add(.lock, range)
            } else if text[end] == ";" {
                if !isDeclaration(range) { add(.statement, range) } else { addInitializer(of: range) }
            }
            if text[end] == "{", text[range].contains("=") {
                position = next(of: [";"], from: behindBracket(at: end))! + 1
            } else {
                position = end + (text[end] == ";" ? 1 : 0)
            }
        }
    }

    private func isLock(_ range: Range<Int>) -> Bool {
        text(of: range).contains(/^(scoped_)?guard\(/)
    }

    /// The value that the first variable of a declaration begins with.
    private mutating func addInitializer(of declaration: Range<Int>) {
        let statement = text(of: declaration)
        guard !statement.contains(#/^(const )?static\b/#),
            let sign = next(of: ["="], from: declaration.lowerBound), declaration.contains(sign),
            let end = next(of: [",", ";"], from: sign), declaration.contains(end)
        else { return }
        let value = trimmed(sign + 1..<end)
        add(statement.hasPrefix("bool ") ? .condition : .value, value)
    }

    private func isBlank(_ range: Range<Int>) -> Bool { text[range].allSatisfy(\.isWhitespace) }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, text[low].isWhitespace { low += 1 }
        while low < high, text[high - 1].isWhitespace { high -= 1 }
        return low..<high
    }

    /// A type and a name, or what checks by a macro: it cannot be left out, nor be put into a block.
    private func isDeclaration(_ range: Range<Int>) -> Bool {
        let statement = text(of: range)
        return statement.contains(/^(BUILD_BUG_ON|lockdep_assert_\w+)\(/)
            || statement.contains(/^(const |static |struct |unsigned |enum )/)
            || statement.contains(/^\w+ \**\w+( \w+)*( =|;|,|\[)/)
    }
}
