import CVips
import Foundation

/// The tiles of a picture for viewers, laid out as IIIF's image requests of level 0 ask for them.
package struct TilePyramid: Sendable, Equatable {
    /// Pixels of a tile's side.
    package static let tileSide = 512

    package let width: Int
    package let height: Int
    /// Factors by which the tiled levels are smaller.
    package let scaleFactors: [Int]
    /// The whole pictures that there are, the smallest first, the full one last.
    package let sizes: [Size]

    package struct Size: Sendable, Equatable, Comparable {
        package let width: Int
        package let height: Int

        package static func < (left: Size, right: Size) -> Bool { left.width < right.width }
    }

    /// Cuts a picture of this program's own making; its content was compared with its hash.
    ///
    /// - Parameters:
    ///   - descriptor: The picture's file, open for reading.
    ///   - name: The file's, for messages.
    ///   - folder: An absolute path that is free in a folder that is there.
    ///   - seconds: The longest time to read the picture.
    /// - Throws: `ImagingError`.
    package init(_ descriptor: Int32, name: String, into folder: String, seconds: Double) throws {
        try Vips.ensureStarted()
        let deadline = ContinuousClock.now + .seconds(seconds)
        let size = try ErrorBuffer.attributing {
            try? FileManager.default.removeItem(atPath: folder)
            // Rows are decoded from top to bottom, once: what needs them twice opens the file twice.
            let size = try Self.open(descriptor, name, deadline) { picture in
                try Self.check(av_save_tiles(picture.pointer, folder, Int32(Self.tileSide)), name)
                return Size(width: picture.width, height: picture.height)
            }
            try Self.open(descriptor, name, deadline) { try Self.writeWhole($0, folder, name) }
            return size
        }
        (width, height) = (size.width, size.height)
        sizes = try Self.nameWholePictures(folder, width, height)
        let longest = max(width, height)
        scaleFactors = (0..<32).map { 1 << $0 }.filter { $0 == 1 || longest > Self.tileSide * $0 / 2 }
    }

    private static func open<Value>(
        _ descriptor: Int32, _ name: String, _ deadline: ContinuousClock.Instant, _ body: (VipsPicture) throws -> Value
    ) throws -> Value {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ImagingError.cannotRead(file: name, code: errno) }
        let source = try VipsFileSource(descriptor: descriptor, length: Int(status.st_size), deadline: deadline)
        guard let image = av_open(source.source) else {
            throw ImagingError.damaged(file: name, reason: Vips.takeError())
        }
        return try withExtendedLifetime(source) { try body(VipsPicture(image)) }
    }

    private static func writeWhole(_ picture: VipsPicture, _ folder: String, _ name: String) throws {
        let place = folder + "/full/max/0"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let file = Foundation.open(place + "/default.jpg", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw ImagingError.cannotWrite(file: name, code: errno) }
        defer { close(file) }
        let target = try VipsFileTarget(FileTarget(descriptor: file))
        try check(withExtendedLifetime(target) { av_save_jpeg(picture.pointer, target.target, 90) }, name)
    }

    private static func check(_ status: Int32, _ name: String) throws {
        if status != 0 { throw ImagingError.cannotEncode(file: name, reason: Vips.takeError()) }
    }

    /// Gives what shows the whole picture the name that viewers ask for, and returns the sizes there are.
    private static func nameWholePictures(_ folder: String, _ width: Int, _ height: Int) throws -> [Size] {
        let files = FileManager.default
        let region = "\(folder)/0,0,\(width),\(height)"
        var sizes = [Size(width: width, height: height)]
        for name in (try? files.contentsOfDirectory(atPath: region)) ?? [] {
            let sides = name.split(separator: ",").compactMap { Int($0) }
            guard sides.count == 2 else { continue }
            let size = Size(width: sides[0], height: sides[1])
            if size == sizes[0] { continue }
            try files.moveItem(atPath: "\(region)/\(name)", toPath: "\(folder)/full/\(name)")
            sizes.append(size)
        }
        try? files.removeItem(atPath: region)
        for name in ["info.json", "vips-properties.xml"] { try? files.removeItem(atPath: "\(folder)/\(name)") }
        return sizes.sorted()
    }
}
