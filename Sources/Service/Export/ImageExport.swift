import Colorization
import Digest
import Files
import Foundation
import Imaging

/// Static files for image viewers: a IIIF Presentation 3 manifest for each result, with its pictures as a choice on one
/// canvas, their tiles, and a collection of all manifests.
struct ImageExport: ExportWriter {
    /// Seconds to read a picture of this program's own.
    private static let patience = 600.0
    private static let presentation = "http://iiif.io/api/presentation/3/context.json"
    private static let image = "http://iiif.io/api/image/3/context.json"

    private let target: ExportTarget
    private let url: String
    private var names: ExportNames
    private var manifests: [[String: Any]] = []

    init(_ target: ExportTarget, _ names: ExportNames, url: String) {
        self.target = target
        self.names = names
        self.url = url
    }

    mutating func add(_ item: ExportItem) throws {
        let folder = names.take(item.place)
        let images = try item.pictures.map { picture in
            let stem = String(decoding: item.path(of: picture).stem, as: UTF8.self)
            let place = folder.appending(ExportNames.portable(Array(stem.utf8)[...]))
            return (picture, place, try tiles(of: picture, item, at: place))
        }
        let label = Self.text(item.metadata.source.name)
        let address = address(folder.appending("manifest.json"))
        manifests.append(["id": address, "type": "Manifest", "label": label])
        let canvas = self.address(folder.appending("canvas"))
        let bodies = images.map { body($0.0, at: $0.1, $0.2, item.metadata) }
        let annotation: [String: Any] = [
            "id": self.address(folder.appending("annotation")), "type": "Annotation", "motivation": "painting",
            "target": canvas, "body": bodies.count == 1 ? bodies[0] : ["type": "Choice", "items": bodies],
        ]
        guard let first = images.first?.2 else { preconditionFailure("a result that is handed over has pictures") }
        let manifest: [String: Any] = [
            "@context": Self.presentation, "id": address, "type": "Manifest", "label": label,
            "requiredStatement": [
                "label": Self.text("Notice", "en"), "value": Self.text(item.metadata.notice, "en"),
            ],
            "metadata": facts(item.metadata),
            "items": [
                [
                    "id": canvas, "type": "Canvas", "label": label, "width": first.width, "height": first.height,
                    "items": [
                        [
                            "id": self.address(folder.appending("page")), "type": "AnnotationPage",
                            "items": [annotation],
                        ]
                    ],
                ] as [String: Any]
            ],
        ]
        try target.write(Export.json(manifest), to: folder.appending("manifest.json"))
    }

    func finish() throws {
        let place = RelativePath.root.appending("collection.json")
        let collection: [String: Any] = [
            "@context": Self.presentation, "id": address(place), "type": "Collection",
            "label": Self.text("Colourings", "en"), "items": manifests,
        ]
        try target.write(Export.json(collection), to: place)
    }

    /// Cuts a picture, unless an earlier run has: its description comes last.
    private func tiles(
        of picture: ExportItem.Picture, _ item: ExportItem, at place: RelativePath
    ) throws -> (width: Int, height: Int) {
        let description = place.appending("info.json")
        if let data = try? target.folder.content(description, limit: 1 << 16),
            let known = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let width = known["width"] as? Int, let height = known["height"] as? Int
        {
            return (width, height)
        }
        let path = item.path(of: picture)
        let file = try item.outbox.openFile(path)
        let name = item.outbox.display(path)
        guard try file.hash() == picture.sha256 else { throw FileError.changed(path: name) }
        _ = try target.folder.makeDirectories(place.parent)
        let tiles = try TilePyramid(
            file.descriptor.raw, name: name, into: target.folder.display(place), seconds: Self.patience)
        try file.verifyUnchanged()
        let info: [String: Any] = [
            "@context": Self.image, "id": address(place), "type": "ImageService3",
            "protocol": "http://iiif.io/api/image", "profile": "level0", "width": tiles.width, "height": tiles.height,
            // No others: OpenSeadragon takes as many sizes as there are levels for those of the levels.
            "sizes": tiles.sizes.prefix(1).map { ["width": $0.width, "height": $0.height] },
            "tiles": [["width": TilePyramid.tileSide, "scaleFactors": tiles.scaleFactors] as [String: Any]],
        ]
        try target.write(Export.json(info), to: description)
        return (tiles.width, tiles.height)
    }

    /// A picture as a viewer gets it.
    private func body(
        _ picture: ExportItem.Picture, at place: RelativePath, _ size: (width: Int, height: Int),
        _ metadata: ResultMetadata
    ) -> [String: Any] {
        var label = "Colouring " + String(decoding: place.name, as: UTF8.self)
        if let variant = picture.variant, variant.sample == nil { label += ", the most likely one" }
        if picture.isChosen { label += ", chosen" }
        return [
            "id": address(place) + "/full/max/0/default.jpg", "type": "Image", "format": "image/jpeg",
            "width": size.width, "height": size.height, "label": Self.text(label, "en"),
            "service": [["id": address(place), "type": "ImageService3", "profile": "level0"]],
        ]
    }

    private func facts(_ metadata: ResultMetadata) -> [[String: Any]] {
        [
            ("Photograph", metadata.source.name), ("SHA-256 of the photograph", metadata.source.sha256),
            ("Program", metadata.program), ("Model", metadata.model.name),
        ].map { ["label": Self.text($0.0, "en"), "value": Self.text($0.1)] }
    }

    /// Where a file will be served.
    private func address(_ path: RelativePath) -> String {
        url + path.components.map { "/" + Self.encoded($0) }.joined()
    }

    /// A name as a part of an address.
    private static func encoded(_ name: ArraySlice<UInt8>) -> String {
        name.map { byte in
            let isPlain = isalnum(Int32(byte)) != 0 || "-._~".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }.joined()
    }

    /// A text in a language, or in none.
    private static func text(_ value: String, _ language: String = "none") -> [String: Any] {
        [language: [value]]
    }
}
