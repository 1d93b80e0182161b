// SPDX-License-Identifier: MIT

extension ProgramGenerator {
    /// The most steps that a varied program has: longer ones take time without meeting more.
    private static let longest = 60

    /// A program with some steps changed, left out, repeated or put in, or with the end of another one.
    public mutating func variation(of program: WorldProgram, and other: WorldProgram) -> WorldProgram {
        var steps = program.steps
        for _ in 0...number(4) { vary(&steps, other.steps) }
        return WorldProgram(
            seed: nil, stores: program.stores, steps: Array(steps.prefix(Self.longest)))
    }

    private mutating func vary(_ steps: inout [Step], _ other: [Step]) {
        guard !steps.isEmpty else {
            steps = other
            return
        }
        let place = number(steps.count)
        switch number(12) {
        case 0..<4: steps.insert(step(), at: place)
        case 4..<6: steps[place] = step()
        case 6..<8: steps.remove(at: place)
        case 8..<10: steps.insert(steps[number(steps.count)], at: place)
        case 10: steps.swapAt(place, number(steps.count))
        default:
            guard !other.isEmpty else { return }
            steps.replaceSubrange(place..., with: other[number(other.count)...])
        }
    }
}
