// SPDX-License-Identifier: MIT

/// A command line of the documentation, taken apart as a shell does.
///
/// It ends where an explanation begins: at a comment, or after two spaces.
struct ShellWords: Equatable {
    /// The words, without quotes and without assignments of variables in front of them.
    private(set) var words: [String] = []
    /// The quoted parts that consist of several words, each of which may be a command line of its own.
    private(set) var quoted: [String] = []

    init(_ line: some StringProtocol) {
        var word: String?
        var quote: (mark: Character, text: String)?
        var previous: Character?
        scan: for character in line.drop(while: { $0 == " " }) {
            defer { previous = character }
            if let open = quote {
                guard character == open.mark else {
                    quote?.text.append(character)
                    continue
                }
                word = (word ?? "") + open.text
                if open.text.contains(" ") { quoted.append(open.text) }
                quote = nil
                continue
            }
            switch character {
            case "'", "\"": quote = (character, "")
            case " " where previous == " ": break scan
            case " ":
                if let word { words.append(word) }
                word = nil
            case "#" where word == nil: break scan
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        words = Array(words.drop { $0.contains(/^[A-Z_]+=/) })
        quoted = quoted.map { text in
            text.hasPrefix("$(") && text.hasSuffix(")") ? String(text.dropFirst(2).dropLast()) : text
        }
    }
}
