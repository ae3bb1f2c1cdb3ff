import Foundation
import Imaging
import Kernels
import Synchronization
import Tensor

/// The colour photographs of files and tar archives, in memory.
package struct PhotographSet: Sendable {
    /// Numbers of the files found.
    package struct Counts: Sendable, Equatable {
        /// Photographs in colour, which are used.
        package var used = 0
        /// Photographs without colour, or in one tint.
        package var gray = 0
        /// Files that could not be read, and archives that could not be to their end.
        package var unreadable = 0
    }

    /// A photograph's name and content.
    struct Item: Sendable {
        let name: String
        let photograph: TrainingPhotograph
    }

    /// In order of name.
    let items: [Item]
    package let counts: Counts
    /// Archives and the first files that could not be read, each with its reason.
    package let problems: [String]

    /// Reads photographs, and those in tar archives, hidden names left out.
    ///
    /// - Parameters:
    ///   - files: Photographs, and archives, whose names end in `tar`.
    ///   - place: The folder or archive that they were found in, for messages.
    ///   - limit: The most files used; of more, this many at even distances.
    ///   - decoder: Decodes them in confined processes, as nobody checks every file of a large collection.
    /// - Throws: `TrainingError.data` if nothing can be used, `ImagingError.noDecoder` if nothing can be decoded.
    package init(_ files: [String], of place: String, limit: Int, decoder: SandboxedDecoder, execution: Execution)
        throws
    {
        _ = try decoder.start()
        var sources: [Source] = []
        var damages: [TrainingError] = []
        for file in files {
            let (found, damage) = try Self.sources(file)
            sources += found
            if let damage { damages.append(damage) }
        }
        sources.sort { $0.name < $1.name }
        if sources.count > limit {
            let all = sources
            sources = (0..<limit).map { all[$0 * all.count / limit] }
        }
        guard !sources.isEmpty else {
            throw damages.first ?? TrainingError.data(path: place, reason: "no photographs")
        }
        let found = Mutex<[(Int, Result<Item?, any Error>)]>([])
        execution.parallel(sources.count) { [sources] index in
            let result = Result { try sources[index].read(decoder) }
            found.withLock { $0.append((index, result)) }
        }
        var counts = Counts()
        counts.unreadable = damages.count
        var problems = damages.map { "\($0)" }
        var items: [Item] = []
        for (_, result) in found.withLock({ $0 }).sorted(by: { $0.0 < $1.0 }) {
            switch result {
            case .success(let item?): items.append(item)
            case .success(nil): counts.gray += 1
            case .failure(let error):
                counts.unreadable += 1
                if problems.count < damages.count + 5 { problems.append("\(error)") }
            }
        }
        counts.used = items.count
        guard !items.isEmpty else {
            let reason = counts.gray > 0 ? "\(counts.gray) photographs, none in colour" : "no readable photograph"
            throw TrainingError.data(
                path: place, reason: reason + (counts.unreadable > 0 ? ", \(counts.unreadable) unreadable" : ""))
        }
        (self.items, self.counts, self.problems) = (items, counts, problems)
    }

    private init(_ items: [Item], of whole: PhotographSet) {
        (self.items, counts, problems) = (items, whole.counts, whole.problems)
    }

    /// Splits off a share of the photographs, the same for the same names and seed.
    package func split(share: Double, seed: UInt64) -> (training: PhotographSet, validation: PhotographSet) {
        var stream = RandomStream(high: 0x7370_6C69_74, low: seed)
        let order = items.indices.shuffled(using: &stream)
        let held = min(items.count - 1, Int((Double(items.count) * share).rounded()))
        func part(_ indices: ArraySlice<Int>) -> PhotographSet {
            PhotographSet(indices.sorted().map { items[$0] }, of: self)
        }
        return (part(order.dropFirst(held)), part(order.prefix(held)))
    }

    /// A hash of the names, by which different sets are told apart.
    var fingerprint: String {
        let hash = items.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, item in
            item.name.utf8.reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } &* 0x100_0000_01B3
        }
        return "\(items.count)-" + String(hash, radix: 16)
    }

    /// Where a photograph lies.
    private struct Source: Sendable {
        let name: String
        /// The archive's member, or nil for a file of its own.
        let member: (archive: TarArchive, member: TarArchive.Member)?

        /// The photograph, or nil if it has no colour.
        func read(_ decoder: SandboxedDecoder) throws -> Item? {
            let photograph: Photograph
            if let (archive, member) = member {
                photograph = try Self.withTemporaryFile(try archive.content(member)) {
                    try decoder.photograph(descriptor: $0, name: name)
                }
            } else {
                photograph = try decoder.photograph(path: name)
            }
            guard photograph.chromaticity == .colored else { return nil }
            return Item(name: name, photograph: TrainingPhotograph(photograph))
        }

        /// Decoders read from descriptors; the file is gone when the last one is closed.
        private static func withTemporaryFile<R>(_ content: Data, _ body: (Int32) throws -> R) throws -> R {
            guard let file = tmpfile() else {
                throw TrainingError.data(path: NSTemporaryDirectory(), reason: String(cString: strerror(errno)))
            }
            defer { fclose(file) }
            let written = content.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
            guard written == content.count, fflush(file) == 0 else {
                throw TrainingError.data(path: NSTemporaryDirectory(), reason: String(cString: strerror(errno)))
            }
            return try body(fileno(file))
        }
    }

    private static func sources(_ file: String) throws -> (found: [Source], damage: TrainingError?) {
        guard FileManager.default.fileExists(atPath: file) else {
            throw TrainingError.data(path: file, reason: "no such file or folder")
        }
        guard file.lowercased().hasSuffix(".tar") else { return ([Source(name: file, member: nil)], nil) }
        do {
            let archive = try TarArchive(path: file)
            let members = archive.members.filter { isPhotograph($0.name) }
            return (members.map { Source(name: "\(file)/\($0.name)", member: (archive, $0)) }, archive.damage)
        } catch let error as TrainingError {
            return ([], error)
        }
    }

    /// Whether the name is that of a photograph; archives hold other files as well.
    private static func isPhotograph(_ name: String) -> Bool {
        let url = URL(fileURLWithPath: name)
        return !url.lastPathComponent.hasPrefix(".")
            && InputFormat.nameExtensions.contains(url.pathExtension.lowercased())
    }
}
