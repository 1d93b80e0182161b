// SPDX-License-Identifier: MIT

/// Makes all mutants of a C file, as one file in which a number chooses among them.
struct MutantMaker {
    private(set) var mutants: [Mutant] = []
    /// The file with all of them.
    private(set) var text: String

    /// - Parameter source: of a file in the kernel's style that includes other files before its first function.
    init(_ source: String) {
        text = ""
        let reader = CodeReader(source)
        var parts: [String] = []
        var alike: [String: Int] = [:]
        var done = 0
        for place in reader.places.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
        where place.range.lowerBound >= done {
            let original = reader.text(of: place.range)
            let replacements = Self.replacements(of: original, place.kind)
            guard !replacements.isEmpty else { continue }
            let first = mutants.count + 1
            for (index, replacement) in replacements.enumerated() {
                var mutant = Mutant(
                    number: first + index, line: reader.line(of: place.range.lowerBound),
                    function: place.function, original: Self.oneLine(original),
                    replacement: Self.oneLine(replacement))
                let before = alike[mutant.identity, default: 0]
                alike[mutant.identity] = before + 1
                if before > 0 { mutant.occurrence = before + 1 }
                mutants.append(mutant)
            }
            parts.append(reader.text(of: done..<place.range.lowerBound))
            parts.append(Self.code(original, replacements, from: first, place.kind))
            done = place.range.upperBound
        }
        parts.append(reader.text(of: done..<source.count))
        text = Self.withSelector(parts.joined(), count: mutants.count)
    }

    private static func oneLine(_ code: String) -> String {
        code.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    // MARK: The changes

    /// Everything that can stand in the place of `code`.
    static func replacements(of code: String, _ kind: CodeReader.Place.Kind) -> [String] {
        var found: [String] =
            switch kind {
            // Negated, a constant is the other one.
            case .condition where ["true", "false"].contains(code): []
            case .condition: ["!(\(code))", "1", "0"]
            // Those that do not end show nothing but that; negated, one ends at once or not at all.
            case .loop: ["0"]
            case .value: []
            case .statement, .jump, .lock: [""]
            }
        if kind != .jump, kind != .lock { found += changed(code) }
        var unique: [String] = []
        for replacement in found where replacement != code && !unique.contains(replacement) {
            unique.append(replacement)
        }
        return unique
    }

    /// The pairs of what takes the place of each other; those that are part of others come after them.
    private static let operators: [(String, [String])] = [
        ("==", ["!="]), ("!=", ["=="]), (" <= ", [" < "]), (" >= ", [" > "]), (" < ", [" <= "]),
        (" > ", [" >= "]), ("&&", ["||"]), ("||", ["&&"]), (" + ", [" - "]), (" - ", [" + "]),
        ("++", ["--"]), (" |= ", [" = "]), (" -= ", [" += "]), (" & ", [" | "]), (" | ", [" & "]),
        ("true", ["false"]), ("false", ["true"]), ("min(", ["max("]), ("max(", ["min("]),
        ("-ENOMEM", ["0"]), ("-EACCES", ["0"]), ("-EINTR", ["0"]), ("-ERESTARTNOINTR", ["0"]),
        ("-EAGAIN", ["0"]), ("-ESRCH", ["0"]), ("-EFAULT", ["0"]), ("-EXDEV", ["0"]), ("-EINVAL", ["0"]),
        ("-ENOSYS", ["0"]), (" ?: ", [" + "]),
    ]

    /// The constants of the kernel that are 0.
    private static let zeroes: Set = ["FUTEX_STATE_OK", "FW_LEVEL_PTE"]

    /// A flag, a state or a limit: not an error number, what Kconfig says, or a macro with arguments.
    private static func isConstant(_ name: String, before: Character, _ behind: Character?) -> Bool {
        name.count > 2 && name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" } && name != "NULL"
            && before != "-" && behind != "(" && !name.hasPrefix("CONFIG_")
    }

    /// The code with one operator, number, constant or word in it changed, each in turn.
    private static func changed(_ code: String) -> [String] {
        var found: [String] = []
        let characters = Array(code)
        func replacing(_ range: Range<Int>, _ new: String) -> String {
            String(characters[..<range.lowerBound]) + new + String(characters[range.upperBound...])
        }
        func isPartOfWord(_ index: Int) -> Bool {
            characters.indices.contains(index)
                && (characters[index].isLetter || characters[index].isNumber || characters[index] == "_")
        }
        var index = 0
        while index < characters.count {
            if characters[index...].starts(with: ["/", "*"]) {
                while index < characters.count, !characters[index...].starts(with: ["*", "/"]) { index += 1 }
                continue
            }
            if characters[index].isNumber, !isPartOfWord(index - 1) {
                let end =
                    characters[index...].firstIndex { !($0.isNumber || $0.isLetter) } ?? characters.count
                if let number = Int(String(characters[index..<end])) {
                    found.append(replacing(index..<end, String(number + 1)))
                    if number > 0 { found.append(replacing(index..<end, String(number - 1))) }
                }
                index = end
                continue
            }
            if characters[index].isUppercase, !isPartOfWord(index - 1) {
                let end =
                    characters[index...].firstIndex { !($0.isNumber || $0.isLetter || $0 == "_") }
                    ?? characters.count
                let name = String(characters[index..<end])
                if isConstant(name, before: index > 0 ? characters[index - 1] : " ", characters[end...].first)
                {
                    found.append(replacing(index..<end, zeroes.contains(name) ? "1" : "0"))
                }
                // A name with "-E" before it is one of the operators.
                index = end
                continue
            }
            let match = operators.first { operation, _ in
                characters[index...].starts(with: Array(operation))
                    && !(operation.first!.isLetter && isPartOfWord(index - 1))
                    && !(operation.last!.isLetter && isPartOfWord(index + operation.count))
            }
            guard let (operation, others) = match else {
                index += 1
                continue
            }
            found += others.map { replacing(index..<index + operation.count, $0) }
            // The blank behind it can be the one before the next.
            index += max(1, operation.count - 1)
        }
        return found
    }

    // MARK: The code

    private static func code(
        _ original: String, _ replacements: [String], from first: Int, _ kind: CodeReader.Place.Kind
    ) -> String {
        let numbered = replacements.enumerated().map { (first + $0.offset, $0.element) }
        switch kind {
        case .condition, .loop:
            return numbered.map { "cleanup_is_mutant(\($0)) ? !!(\($1)) : " }.joined() + "!!(\(original))"
        case .value:
            return numbered.map { "cleanup_is_mutant(\($0)) ? (\($1)) : " }.joined() + "(\(original))"
        case .statement, .jump:
            let branches = numbered.map { "if (cleanup_is_mutant(\($0))) { \($1) } else " }.joined()
            return "{ \(branches){ \(original) } }"
        case .lock:
            // Given back at once, and taken again before what the guard does at the end of the block.
            let words = original.firstMatch(of: /guard\((\w+)(?:\)\(|, )?([^;{]*)\)/)!
            let call = "cleanup_give_back_\(words.1)(\(first)\(words.2.isEmpty ? "" : ", \(words.2)"))"
            let type = "struct cleanup_given_back __cleanup(cleanup_take_again_\(words.1))"
            return "\(original) \(type) cleanup_given_back_\(first) __maybe_unused = \(call);"
        }
    }

    /// Puts the selector before the first function: which mutant it is, and which ones could have made a difference.
    private static func withSelector(_ text: String, count: Int) -> String {
        let include = "#include \"futex.h\"\n"
        return text.replacing(
            include,
            with: include + """
                #include <linux/moduleparam.h>

                /* With CONFIG_INIT_STACK_ALL_ZERO: what a mutant reads before it has a value is always the same. */
                #undef __uninitialized
                #define __uninitialized

                static unsigned int cleanup_mutant;
                static u8 cleanup_reached[\(count + 1)];
                module_param_named(mutant, cleanup_mutant, uint, 0644);

                static int cleanup_reached_get(char *buffer, const struct kernel_param *kp)
                {
                	int length = 0;

                	for (unsigned int i = 0; i < sizeof(cleanup_reached); i += 8) {
                		unsigned int bits = 0;

                		for (unsigned int k = i; k < i + 8 && k < sizeof(cleanup_reached); k++)
                			bits |= READ_ONCE(cleanup_reached[k]) << (k - i);
                		length += sysfs_emit_at(buffer, length, "%02x", bits);
                	}
                	return length + sysfs_emit_at(buffer, length, "\\n");
                }

                static int cleanup_reached_set(const char *value, const struct kernel_param *kp)
                {
                	memset(cleanup_reached, 0, sizeof(cleanup_reached));
                	return 0;
                }

                static const struct kernel_param_ops cleanup_reached_ops = {
                	.get = cleanup_reached_get,
                	.set = cleanup_reached_set,
                };
                module_param_cb(reached, &cleanup_reached_ops, NULL, 0644);

                static __always_inline bool cleanup_is_mutant(unsigned int number)
                {
                	WRITE_ONCE(cleanup_reached[number], 1);
                	return READ_ONCE(cleanup_mutant) == number;
                }

                struct cleanup_given_back { bool is_mutant; raw_spinlock_t *lock; };

                #define DEFINE_GIVEN_BACK(name, give, take, ...)				\\
                static inline struct cleanup_given_back					\\
                cleanup_give_back_##name(unsigned int number __VA_OPT__(,) __VA_ARGS__)	\\
                {										\\
                	struct cleanup_given_back t = { .is_mutant = cleanup_is_mutant(number) };	\\
                	__VA_OPT__(t.lock = lock;)						\\
                	if (t.is_mutant)							\\
                		give;								\\
                	return t;								\\
                }										\\
                static inline void cleanup_take_again_##name(struct cleanup_given_back *t)	\\
                {										\\
                	if (t->is_mutant)							\\
                		take;								\\
                }

                DEFINE_GIVEN_BACK(rcu, rcu_read_unlock(), rcu_read_lock())
                DEFINE_GIVEN_BACK(pagefault, pagefault_enable(), pagefault_disable())
                DEFINE_GIVEN_BACK(raw_spinlock_irq, raw_spin_unlock_irq(t.lock), raw_spin_lock_irq(t->lock),
                		  raw_spinlock_t *lock)

                """, maxReplacements: 1)
    }
}
