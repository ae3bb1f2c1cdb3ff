import Foundation
import TestSupport
import Testing

@testable import Imaging

/// A few hundred damaged files; `make fuzz` has more of them, and kinds of damage, through the whole program.
@Suite struct MutationTests {
    @Test(
        "Damaged files are decoded or refused with a reason, and no decoder fails",
        arguments: [
            ("jpegsave", "a.jpg", [:]), ("jpegsave", "progressive.jpg", ["interlace": "true"]),
            ("pngsave", "a.png", [:]),
            ("tiffsave", "a.tif", [:]), ("tiffsave", "tiled.tif", ["tile": "true", "compression": "lzw"]),
            ("webpsave", "a.webp", [:]),
        ] as [(String, String, [String: String])])
    func mutated(saver: String, name: String, arguments: [String: String]) throws {
        let scratch = try TemporaryFolder()
        let decoder = SandboxedDecoder(program: SandboxTests.helper, arguments: [])
        var generator = SeededGenerator(6)
        let path = try DecodeTests.ramp.save(saver, scratch.file(name), arguments)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var limits = DecodeLimits()
        limits.pixels = 1_000_000
        for index in 0..<50 {
            let copy = Self.damaged(bytes, &generator)
            do {
                let photograph = try decoder.photograph(path: try scratch.write(copy, name), limits: limits)
                #expect(photograph.width * photograph.height <= limits.pixels)
            } catch let error as ImagingError {
                switch error {
                case .damaged, .unsupported, .overLimit: break
                default: Issue.record("\(name), \(index): \(error)")
                }
                #expect(!"\(error)".contains("unknown error"), "\(name), \(index)")
            }
        }
    }

    private static func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var copy = bytes
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: copy.removeLast(Int.random(in: 1..<copy.count, using: &generator))
        case 1:
            let start = Int.random(in: 0..<copy.count - 8, using: &generator)
            copy.removeSubrange(start..<min(copy.count, start + Int.random(in: 1...60, using: &generator)))
        case 2: copy.insert(contentsOf: copy.suffix(40), at: Int.random(in: 0..<copy.count, using: &generator))
        default:
            // Half of the damage is to headers.
            let end = Bool.random(using: &generator) ? copy.count : min(copy.count, 200)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                copy[Int.random(in: 0..<end, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
        }
        return copy
    }
}
