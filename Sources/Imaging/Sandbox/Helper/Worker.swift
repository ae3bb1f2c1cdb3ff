import CSandbox
import Files
import Foundation

/// A helper's child: serves one request, locked down.
struct Worker {
    let request: HelperRequest
    let answers: Channel
    let file: Descriptor?
    let memory: Descriptor?
    /// Bytes that count towards the limit of data before anything is decoded.
    let dataBytes: Int
    let confinement: Confinement
    let intrude: (_ file: Int32, _ answers: Int32) -> Void

    /// Returns once the answer is sent, or nobody wants it.
    func run() {
        do {
            var status = stat()
            let length = file.map { fstat($0.raw, &status) == 0 ? status.st_size : 0 } ?? 0
            let most = request.work == .metadata ? dataBytes + Self.metadataBytes : nil
            try Jail.lock(
                seconds: request.limits.seconds,
                memory: (
                    most ?? memory(file: length, pixels: 0), most ?? memory(file: length, pixels: request.limits.pixels)
                ), confinement)
            switch request.work {
            case .probe: try answers.send(HelperReply.probed(Jail.probe()))
            case .decode: try decode(length)
            case .metadata: try readMetadata(length)
            }
        } catch is Channel.Failure {
            // The client has gone.
        } catch {
            try? answers.send(HelperReply.refused(Refusal(error)))
        }
    }

    private func decode(_ length: Int) throws {
        guard let file else { return }
        intrude(file.raw, answers.descriptor)
        let photograph = try PendingDecode(descriptor: file.raw, name: "", limits: request.limits)
        let description = photograph.description
        try answers.send(HelperReply.header(description))
        let (_, descriptors) = try answers.receive(Bool.self, descriptors: 1)
        guard let memory = descriptors.first else { return }
        try Jail.limit(memory: self.memory(file: length, pixels: description.width * description.height))
        photograph.restartClock()
        if let hasChroma = try SharedPixels(description).fill(memory, photograph.decode) {
            try answers.send(HelperReply.decoded(hasChroma: hasChroma))
        }
    }

    private func readMetadata(_ length: Int) throws {
        guard let file, let memory, let wanted = request.metadata else { return }
        intrude(file.raw, answers.descriptor)
        let facts = MetadataReader.Facts(descriptor: file.raw, length: length, limits: request.limits)
        guard length > 0, let base = mmap(nil, length, PROT_READ, MAP_PRIVATE, file.raw, 0), base != MAP_FAILED else {
            return
        }
        let metadata = try MetadataReader.read(UnsafeRawBufferPointer(start: base, count: length), facts, for: wanted)
        if let count = SharedMetadata.fill(memory, try JSONEncoder().encode(metadata)) {
            try answers.send(HelperReply.metadata(bytes: count))
        }
    }

    /// Bytes of data that are enough for the metadata of any photograph.
    private static let metadataBytes = 96 << 20

    /// Bytes of data that a file of such a size may take: decoders of interlaced and progressive files keep all of it.
    private func memory(file: Int, pixels: Int) -> Int {
        dataBytes + 128 << 20 + 2 * min(file, 1 << 40) + 16 * min(pixels, 1 << 40)
    }
}
