// SPDX-License-Identifier: MIT

extension ModelWorld {
    /// A page of private memory.
    struct PrivatePage {
        /// The page of a file that is seen until the page is copied; nil for anonymous memory, which is 0 then.
        var file: (number: Int, page: Int)?
        /// Tells whether the file is not seen any more.
        var isCopied = false
        /// The contents that the copy may have, by words. There is one if the page was written to; several, or any beside the file, until
        /// somebody looks: a wake-up copies a page without a trace.
        var copies: [[UInt32]] = []
    }

    mutating func add(_ page: PrivatePage) -> Memory {
        privatePages.append(page)
        return .own(privatePages.count - 1)
    }

    /// The contents that the page may have, by words; at least one.
    func possibleContents(ofPrivatePage number: Int) -> [[UInt32]] {
        let page = privatePages[number]
        return page.isCopied ? page.copies : [original(ofPrivatePage: number)] + page.copies
    }

    /// The words that the page has until it is copied.
    private func original(ofPrivatePage number: Int) -> [UInt32] {
        let words = Extent.pageBytes / 4
        guard let (file, page) = privatePages[number].file else { return Array(repeating: 0, count: words) }
        return Array(files[file][page * words..<(page + 1) * words])
    }

    mutating func write(_ value: UInt32, at word: Int, ofPrivatePage number: Int) {
        privatePages[number].copies = possibleContents(ofPrivatePage: number).map { contents in
            var contents = contents
            contents[word] = value
            return contents
        }
        privatePages[number].isCopied = true
    }

    /// A wake-up on a word may have been carried out: it looks for the page as one that it would write to, and so copies that
    /// of a file (get_futex_key() in kernel/futex/core.c). Nobody is promised to see a file change through a private mapping
    /// (mmap(2)).
    mutating func wake(at offset: Int, in space: Int) {
        guard offset % 4 == 0, let mapping = spaces[space].mapping(at: offset), mapping.isWritable,
            case .own(let number) = mapping.memory, !privatePages[number].isCopied
        else { return }
        let contents = original(ofPrivatePage: number)
        if !privatePages[number].copies.contains(contents) { privatePages[number].copies.append(contents) }
    }

    /// Somebody has looked at the page: from now on it is known what it has, and, if that differs, that it is not the file.
    ///
    /// Word by word: a page can be copied between two words that change.
    ///
    /// - Returns: The first word that it must not have, with what it may have; nil if there is none.
    mutating func learn(_ found: [UInt32], ofPrivatePage number: Int) -> (word: Int, allowed: [UInt32])? {
        let possible = possibleContents(ofPrivatePage: number)
        if !possible.contains(found) {
            for word in found.indices where !possible.contains(where: { $0[word] == found[word] }) {
                return (word, Set(possible.map { $0[word] }).sorted())
            }
        }
        if !privatePages[number].isCopied {
            privatePages[number].isCopied = found != original(ofPrivatePage: number)
        }
        if !privatePages[number].copies.isEmpty { privatePages[number].copies = [found] }
        return nil
    }

    /// The exit did not act on a word of private memory: it is as it was before, and the page may still be the file.
    mutating func takeBack(at offset: Int, in space: Int, from before: ModelWorld) {
        guard case .own(let number)? = spaces[space].mapping(at: offset)?.memory,
            let word = before.word(at: offset, in: space)
        else { return }
        write(word, at: offset % Extent.pageBytes / 4, ofPrivatePage: number)
        if number < before.privatePages.count, !before.privatePages[number].isCopied {
            privatePages[number].isCopied = false
        }
    }
}
