// SPDX-License-Identifier: MIT

import RaceReport

/// Writes down the boundaries of an unlock as it goes through them.
struct BoundaryScribe {
    private let unlocker: Victim
    private let modules: ModuleMap
    private var places: [StopPlace] = []
    private var states: [LockView.State] = []
    /// Bytes at each place, at least as many as its instruction has; empty where there is none.
    private var code: [[UInt8]] = []

    /// The longest that an instruction of x86 can be.
    private static let longest = 15

    init(_ unlocker: Victim) throws {
        self.unlocker = unlocker
        modules = try ModuleMap(of: unlocker.pid)
    }

    mutating func note(_ place: StopPlace, _ state: LockView.State) throws {
        places.append(place)
        states.append(state)
        guard case .instruction(let address) = place else {
            code.append([])
            return
        }
        // Not across the end of the mapping that the instruction is in.
        let room = modules.bytesLeft(at: address).map { min(Int($0), Self.longest) } ?? 1
        code.append(try unlocker.read(address, count: room))
    }

    func records() -> [Boundary] {
        let disassembly = Disassembler(bits: unlocker.greeting.pointerBits, name: modules.name)
            .disassemble(code, at: places.map(\.address))
        return places.indices.map { index in
            Boundary(
                index: index, location: location(places[index]),
                bytes: length(index, disassembly).map { code[index].prefix($0).hexadecimal },
                mnemonic: disassembly[index]?.text, word: states[index].word.rawValue,
                released: states[index].released, pending: states[index].pending)
        }
    }

    private func location(_ place: StopPlace) -> String {
        switch place {
        case .systemCall(let name): name
        case .instruction(unlocker.greeting.unlockAddress): "pthread_mutex_unlock"
        case .instruction(let address): modules.name(of: address)
        }
    }

    /// As the disassembler says; else, where execution went straight on, the distance to the next place.
    private func length(_ index: Int, _ disassembly: [Disassembler.Instruction?]) -> Int? {
        if let instruction = disassembly[index] { return instruction.length }
        guard index + 1 < places.count, case .instruction(let here) = places[index],
            case .instruction(let next) = places[index + 1], next > here,
            next - here <= UInt64(Self.longest)
        else { return nil }
        return Int(next - here)
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
