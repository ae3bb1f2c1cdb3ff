import Files
import Foundation

extension OpenResult {
    /// More than any XMP file beside a variant has.
    private static let sidecarLimit = 4 << 20
    /// Follows a variant's name in that of its XMP file.
    private static let sidecarEnding = ".xmp"
    /// What managers of photographs show of a chosen picture.
    private static let marks = [("xmp:Rating", "5"), ("xmp:Label", "Chosen")]

    /// Marks the chosen variant, and no other, in the XMP files beside the variants; nothing happens where there are none.
    func markSidecars(_ choice: Choice) throws {
        for variant in variants {
            guard let path = RelativePath(variant.file + Self.sidecarEnding), path.components.count == 1 else {
                continue
            }
            let name = Array(path.name)
            guard let text = try sidecar(name) else { continue }
            let marked = Self.marked(text, choice.chosen?.variant == variant.number)
            if marked != text { try write(Data(marked.utf8), as: name) }
        }
    }

    private func sidecar(_ name: [UInt8]) throws -> String? {
        do {
            let file = try Descriptor.file(directory.raw, name[...], path: display)
            return String(data: try file.content(limit: Self.sidecarLimit, display), encoding: .utf8)
        } catch FileError.missing, FileError.damaged, FileError.refused {
            return nil
        }
    }

    /// A packet with the marks, or without.
    ///
    /// They stand behind `rdf:about` in single quotes, as nothing else of the program's does, and so can be taken back. A
    /// rating or label of the photograph's own stays.
    static func marked(_ packet: String, _ isChosen: Bool) -> String {
        guard let place = packet.range(of: "rdf:about=\"\"") else { return packet }
        let rest = packet[place.upperBound...].trimmingPrefix(/(?: xmp:(?:Rating|Label)='[^']*')+/)
        let free = marks.filter { !rest.contains("\($0.0)=") && !rest.contains("<\($0.0)") }
        let text = isChosen ? free.map { " \($0.0)='\($0.1)'" }.joined() : ""
        return packet[..<place.upperBound] + text + rest
    }
}
