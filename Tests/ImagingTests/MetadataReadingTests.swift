import Foundation
import TestSupport
import Testing

@testable import Imaging

/// Reading of metadata in helper processes, which costs no picture whatever is in them.
@Suite struct MetadataReadingTests {
    private let scratch: TemporaryFolder
    private let decoder = SandboxedDecoder(program: SandboxTests.helper, arguments: [])

    init() throws { scratch = try TemporaryFolder() }

    private func read(_ path: String, _ format: OutputFormat = .jpeg, limits: DecodeLimits = DecodeLimits()) throws
        -> OriginalMetadata
    {
        try Photograph.withDescriptor(of: path) {
            try decoder.metadata(
                descriptor: $0, name: path, limits: limits, disclosure: disclosure, format: format)
        }
    }

    /// A variant of the project's own samples, which has all kinds of blocks.
    private func rich(_ format: OutputFormat) throws -> String {
        let photograph = try Photograph.open(path: Repository.sample("camera.jpg"))
        let renderer = Renderer(photograph)
        let path = scratch.file("rich." + format.fileExtension)
        _ = try renderer.write(
            renderer.field(chroma: chroma(seed: 3)), to: path, options: OutputOptions(format: format),
            disclosure: disclosure)
        return path
    }

    @Test("What the program writes it can read again", arguments: OutputFormat.allCases)
    func own(format: OutputFormat) throws {
        let metadata = try read(rich(format), format)
        #expect(metadata.warnings == [] && metadata.exifCount > 5 && metadata.xmpCount > 5)
        #expect(metadata.sentence == .instructions)
        #expect(metadata.xmp.contains(Disclosure.Mark.identifier) && metadata.xmp.contains(Disclosure.Mark.which))
    }

    @Test(
        "A reader that misbehaves leaves a warning",
        arguments: [
            ("crash", "crashed or ran out of memory"), ("abort", "crashed or ran out of memory"),
            ("exit", "ended without an answer"), ("hang", "took longer than 0.5 seconds"),
            ("spin", "took longer than 0.5 seconds"), ("grow", "crashed or ran out of memory"),
            ("garbage", "cannot be read"), ("no header", "impossible metadata"), ("long reason", "x\\u{1B}"),
            ("linger", "no"),
        ])
    func faults(fault: String, reason: String) throws {
        var limits = DecodeLimits()
        if fault == "hang" || fault == "spin" { limits.seconds = 0.5 }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: rich(.png))) + Data("fault: \(fault)".utf8)
        let metadata = try read(scratch.write([UInt8](bytes), "bad.png"), limits: limits)
        #expect(!metadata.isReadable && metadata.warnings.count == 1)
        #expect(metadata.warnings[0].contains(reason) && metadata.warnings[0].utf8.count < 1000, "\(metadata.warnings)")
        #expect(try read(rich(.png)).isReadable)
    }

    @Test("A field that would change how pixels are read is refused", arguments: [0x0100, 0x0111, 0x8769, 0x8773])
    func intruders(tag: UInt16) throws {
        var metadata = OriginalMetadata()
        metadata.xmp = "<?xpacket begin=''?>"
        #expect(metadata.checked(for: .jpeg) != nil)
        metadata.exif = [.long(.image, tag, 7)]
        #expect(metadata.checked(for: .jpeg) == nil)
    }

    @Test("What is longer than its place, or whose parts do not fit, is refused")
    func unsound() throws {
        var sound = OriginalMetadata()
        sound.xmp = "<?xpacket begin=''?>"
        sound.exif = [.text(.image, 0x013B, "Jane")]
        #expect(sound.checked(for: .jpeg) == sound)
        let changes: [(inout OriginalMetadata) -> Void] = [
            { $0.xmp += String(repeating: "x", count: OriginalMetadata.mostXMP(.jpeg)) },
            { $0.xmp += String(repeating: Disclosure.Mark.which, count: 9) },
            { $0.xmp = "nothing of the kind" }, { $0.exif[0].count += 1 }, { $0.exif[0].type = 13 },
            { $0.exif[0] = ExifField.undefined(.exif, 1, [UInt8](repeating: 0, count: 65_000)) },
            { $0.iptc = [IPTCDataSet(record: 2, number: 5, data: Data(count: 40_000))] },
            { $0.exif = [ExifField](repeating: $0.exif[0], count: 1001) }, { $0.properties = -1 },
        ]
        for change in changes {
            var metadata = sound
            change(&metadata)
            #expect(metadata.checked(for: .jpeg) == nil)
        }
        sound.xmp += String(repeating: "x", count: 100_000)
        #expect(sound.checked(for: .jpeg) == nil && sound.checked(for: .png) == sound)
        sound.xmp = "<?xpacket begin=''?>"
        sound.warnings = ["\u{1B}[31mred"]
        #expect(sound.checked(for: .jpeg)?.warnings == ["\\u{1B}[31mred"])
    }

    /// `fuzz.py` has thousands of these, through the whole program.
    @Test("Damaged blocks are read, or left out", arguments: OutputFormat.allCases)
    func mutated(format: OutputFormat) throws {
        var generator = SeededGenerator(7)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: rich(format))))
        // JPEG and PNG have them in front, the others at the end.
        let isInFront = format == .jpeg || format == .png
        let range = isInFront ? 20..<min(bytes.count, 9000) : max(20, bytes.count - 9000)..<bytes.count
        var readable = 0
        for _ in 0..<40 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                copy[Int.random(in: range, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let metadata = try read(scratch.write(copy, "mutant"), format)
            #expect(metadata.isReadable || metadata.warnings.count == 1)
            readable += metadata.isReadable ? 1 : 0
        }
        #expect(readable > 0)
    }

    @Test("Blocks of 100 MB cost no picture", arguments: ["XMP ", "EXIF"])
    func huge(block: String) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: rich(.webp)))
        let size = 100 << 20
        func little(_ number: Int) -> Data { withUnsafeBytes(of: UInt32(number).littleEndian) { Data($0) } }
        bytes.append(Data(block.utf8))
        bytes.append(little(size))
        bytes.append(Data(count: size))
        bytes.replaceSubrange(4..<8, with: little(bytes.count - 8))
        let path = scratch.file("huge.webp")
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try decoder.photograph(path: path).width == 512)
        let metadata = try read(path)
        #expect(!metadata.isReadable && !metadata.warnings.isEmpty)
    }

    @Test("A signature that the variants break is named")
    func signed() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: rich(.png))) + Data("....jumdc2pa".utf8)
        #expect(try read(rich(.png)).dropped == [])
        #expect(try read(scratch.write([UInt8](bytes), "signed.png")).dropped == ["C2PA"])
    }

    @Test("AVIF", .enabled(if: RefusalTests.hasAVIF, "libvips here does not write AVIF"))
    func avif() throws {
        var raster = DecodeTests.ramp
        raster.strings = ["exif-ifd0-Artist": "Jane"]
        let metadata = try read(raster.save("heifsave", scratch.file("a.avif"), ["compression": "av1"]))
        #expect(metadata.exif.contains { $0.tag == 0x013B && $0.data.starts(with: Data("Jane".utf8)) })
    }

    @Test("A BigTIFF file's directory is moved as a small one's is", arguments: ["true", "false"])
    func bigTIFF(isBig: String) throws {
        let path = try DecodeTests.ramp.save("tiffsave", scratch.file("a.tif"), ["bigtiff": isBig])
        let before = try samples(path).values
        let file = open(path, O_RDWR)
        defer { close(file) }
        try TIFFMetadata.add(FileMetadata(disclosure), to: WrittenFile(descriptor: file, name: path))
        #expect(try samples(path).values == before)
        try metadata(path) { picture in
            let packet = String(decoding: try #require(picture.blob("xmp-data")), as: UTF8.self)
            #expect(packet.contains(Disclosure.digitalSourceType))
            let records = String(decoding: try #require(picture.blob("iptc-data")), as: UTF8.self)
            #expect(records.contains("are a guess"))
        }
    }

    @Test("Numbers of EXIF are kept to the bit, whatever directory they are in")
    func directories() throws {
        let fields: [ExifField] = [
            .text(.image, 0x013B, "Jane"), .fraction(.image, ExifTag.resolutionX, 72.009), .short(.exif, 0x8827, 400),
            .long(.gps, 5, 0), .undefined(.exif, 0x9000, Array("0232".utf8)),
        ]
        let block = ExifDirectories.block(fields)
        #expect(block.prefix(8) == [0x49, 0x49, 42, 0, 8, 0, 0, 0])
        // Four entries, two of them pointers, in the order of their tags.
        let tags: [Int] = [10, 22, 34, 46].map { (place: Int) in
            let (low, high) = (Int(block[place]), Int(block[place + 1]))
            return low | high << 8
        }
        #expect(block[8] == 4 && tags == [0x011A, 0x013B, 0x8769, 0x8825])
        #expect(block.count % 2 == 0)
    }
}
