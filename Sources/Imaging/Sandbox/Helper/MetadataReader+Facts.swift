import CVips

extension MetadataReader.Facts {
    /// Reads a file's header; where that fails nothing is known.
    init(descriptor: Int32, length: Int, limits: DecodeLimits) {
        self.init()
        let deadline = ContinuousClock.now + .seconds(limits.seconds)
        guard let input = try? VipsFileSource(descriptor: descriptor, length: length, deadline: deadline),
            let image = av_open(input.source)
        else { return }
        let picture = VipsPicture(image)
        orientation = picture.string("orientation").flatMap { Int($0) }.flatMap(Orientation.init) ?? .upright
        hasExif = picture.blob("exif-data") != nil
        // libvips names them `png-comment-0-Title`.
        for name in picture.fieldNames {
            let parts = name.split(separator: "-", maxSplits: 3)
            guard parts.count == 4, parts[0] == "png", parts[1] == "comment", texts.count < 32 else { continue }
            let keyword = String(parts[3])
            if !keyword.hasPrefix("Raw profile"), !keyword.hasPrefix("XML:") { texts[keyword] = picture.string(name) }
        }
    }
}
