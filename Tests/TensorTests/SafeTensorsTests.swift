import Foundation
import Testing

@testable import Tensor

/// A directory that is gone when the test is.
final class TemporaryDirectory {
    let path = NSTemporaryDirectory() + "tensor-tests-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives its path.
    func file(_ bytes: [UInt8], name: String = "file.safetensors") throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// A file's bytes from its header's text and its data.
func bytes(header: String, data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) } + Array(header.utf8) + data
}

@Suite struct SafeTensorsTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func whatIsWrittenIsRead() throws {
        let a = Tensor([2, 3], [1, -2.5, 0, .pi, 1e-30, 1e30])
        let h = Tensor([4], [1, -0.5, 65504, 0x1p-24])
        let path = directory.path + "/written.safetensors"
        let metadata = ["training": "{\"steps\": 3}", "name": "a / \"b\" \n ü"]
        try SafeTensors.write(
            [
                .init("a", .float32(a)), .init("h.weight", .float16(h)), .init("p", .int32([3, -1, 7])),
                .init("none", .float32(Tensor([0, 2]))),
            ],
            metadata: metadata, to: path)
        let file = try SafeTensors(path: path)
        #expect(file.metadata == metadata)
        #expect(file.entries.count == 4)
        #expect(file.entries["h.weight"]?.type == .float16)
        #expect(file.entries["h.weight"]?.shape == [4])
        #expect(try file.tensor("a").values == a.values)
        #expect(try file.tensor("a").shape == [2, 3])
        #expect(try file.tensor("h.weight").values == h.values)
        #expect(try file.integers("p") == [3, -1, 7])
        #expect(try file.tensor("none").shape == [0, 2])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["written.safetensors"])
    }

    @Test func aFailedWriteLeavesTheOldFile() throws {
        let path = try directory.file([1, 2, 3])
        // The rename cannot replace a directory's name, and the old file's directory must stay clean.
        let blocked = directory.path + "/blocked"
        try FileManager.default.createDirectory(atPath: blocked + "/full", withIntermediateDirectories: true)
        #expect(throws: SafeTensorsError.self) { try SafeTensors.write([], metadata: [:], to: blocked) }
        #expect(throws: SafeTensorsError.self) { try SafeTensors.write([], metadata: [:], to: path + "/x") }
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)) == ["blocked", "file.safetensors"])
    }

    /// Every pattern of half precision but those of NaN, to a float and back.
    @Test func halvesSurviveAFile() throws {
        let patterns = (0...UInt16.max).filter { !Float16(bitPattern: $0).isNaN }
        let floats = patterns.map { Float(Float16(bitPattern: $0)) }
        let path = directory.path + "/halves"
        try SafeTensors.write([.init("h", .float16(Tensor([floats.count], floats)))], metadata: [:], to: path)
        let file = try SafeTensors(path: path)
        #expect(try file.tensor("h").values.map(\.bitPattern) == floats.map(\.bitPattern))
        try SafeTensors.write([.init("h", .float16(Tensor([1], [.nan])))], metadata: [:], to: path)
        #expect(try SafeTensors(path: path).tensor("h").values[0].isNaN)
    }

    @Test(arguments: [
        (Float(1 + 0x1p-11), UInt16(0x3C00)), (1 + 3 * 0x1p-11, 0x3C02), (65519.996, 0x7BFF), (65520, 0x7C00),
        (0x1p-25, 0x0000), (0x1.8p-24, 0x0002), (-0x1p-24, 0x8001), (.infinity, 0x7C00), (-0.0, 0x8000),
    ]) func halvesAreRoundedToTheNearest(value: Float, pattern: UInt16) throws {
        let path = directory.path + "/half"
        try SafeTensors.write([.init("h", .float16(Tensor([1], [value])))], metadata: [:], to: path)
        let found = try SafeTensors(path: path).tensor("h").values[0]
        #expect(found.bitPattern == Float(Float16(bitPattern: pattern)).bitPattern)
    }

    @Test func brainFloats() throws {
        let header = #"{"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#
        let path = try directory.file(bytes(header: header, data: [0xC0, 0x3F, 0x00, 0xC0]))
        #expect(try SafeTensors(path: path).tensor("b").values == [1.5, -2])
    }

    @Test func wrongQuestions() throws {
        let path = directory.path + "/f"
        try SafeTensors.write(
            [.init("f", .float32(Tensor([1], [1]))), .init("i", .int32([1]))], metadata: [:], to: path)
        let file = try SafeTensors(path: path)
        #expect(throws: SafeTensorsError(path: path, reason: .missing(tensor: "g"))) { try file.tensor("g") }
        #expect(throws: SafeTensorsError(path: path, reason: .wrongType(tensor: "f", type: .float32, wanted: "I32"))) {
            try file.integers("f")
        }
        #expect(
            throws: SafeTensorsError(path: path, reason: .wrongType(tensor: "i", type: .int32, wanted: "a float type"))
        ) { try file.tensor("i") }
    }

    @Test func everyTruncationIsRefused() throws {
        let path = directory.path + "/whole"
        try SafeTensors.write(
            [.init("a", .float32(Tensor([3], [1, 2, 3]))), .init("b", .float16(Tensor([3], [1, 2, 3])))],
            metadata: ["k": "v"], to: path)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        for length in 0..<whole.count {
            let cut = try directory.file(Array(whole[..<length]), name: "cut")
            let error = #expect(throws: SafeTensorsError.self) { try SafeTensors(path: cut) }
            guard case .truncated = error?.reason else {
                Issue.record("cut to \(length) of \(whole.count): \(String(describing: error))")
                continue
            }
        }
        let long = try directory.file(whole + [0, 0], name: "long")
        #expect(throws: SafeTensorsError(path: long, reason: .trailingBytes(2))) { try SafeTensors(path: long) }
    }

    /// Header, data bytes, and the beginning of the message.
    static let badHeaders: [(String, Int, String)] = [
        ("[]", 0, "not a safetensors file: its header does not begin with a brace"),
        ("{", 0, "not a safetensors file: the header is not valid JSON"),
        (#"{"a":3}"#, 0, "not a safetensors file: the header's a is of the wrong kind"),
        (#"{"__metadata__":{"k":1}}"#, 0, "not a safetensors file: the header's __metadata__/k is of the wrong kind"),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "not a safetensors file: the header lacks a/data_offsets"),
        (
            #"{"a":{"dtype":"F32","shape":["x"],"data_offsets":[0,4]}}"#, 4,
            "not a safetensors file: the header's a/shape/0"
        ),
        (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "not a safetensors file: the header"),
        (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "tensor a has the unknown type F31"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "tensor a has the impossible shape [-1]"),
        (#"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4, "tensor a has the impossible shape"),
        (
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4,
            "tensor a has the impossible shape"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "tensor a has 4 bytes where its shape needs 8"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "tensor a has the impossible offsets 4..0"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "tensor a has the impossible offsets -4..0"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "tensor a has the impossible offsets"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}"#, 4,
            "tensor a has the impossible offsets"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "unused bytes before tensor a"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "4 unused bytes at the end"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8, "tensor b overlaps tensor a"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
            12, "unused bytes before tensor b"
        ),
    ]

    @Test(arguments: badHeaders.indices) func badHeaderIsRefused(index: Int) throws {
        let (header, count, message) = Self.badHeaders[index]
        let path = try directory.file(bytes(header: header, data: [UInt8](repeating: 0, count: count)))
        let error = #expect(throws: SafeTensorsError.self, "\(header)") { try SafeTensors(path: path) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("\(path): \(message)"), "\(header): \(description)")
    }

    @Test func otherFilesAreRefused() throws {
        let picture = try directory.file([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13], name: "a.png")
        let error = #expect(throws: SafeTensorsError.self) { try SafeTensors(path: picture) }
        #expect(error?.description.contains("not a safetensors file") == true)
        #expect(throws: SafeTensorsError(path: directory.path, reason: .notARegularFile)) {
            try SafeTensors(path: directory.path)
        }
        let absent = directory.path + "/absent"
        #expect(throws: SafeTensorsError(path: absent, reason: .system("No such file or directory"))) {
            try SafeTensors(path: absent)
        }
    }
}
