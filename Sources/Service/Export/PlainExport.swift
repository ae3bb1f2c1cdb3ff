import Digest
import Files
import Foundation

/// Pictures under their photographs' names: one alone as `album/grandma-coloured.jpg`, so that it takes no original's place,
/// several as `album/grandma/01.jpg`.
struct PlainExport: ExportWriter {
    private let target: ExportTarget
    private var names: ExportNames

    init(_ target: ExportTarget, _ names: ExportNames) {
        self.target = target
        self.names = names
    }

    mutating func add(_ item: ExportItem) throws {
        if item.pictures.count == 1, item.original == nil, let picture = item.pictures.first {
            let suffix = String(decoding: item.path(of: picture).suffix, as: UTF8.self)
            return try copy(picture, of: item, to: names.take(item.place, suffix: "-coloured" + suffix))
        }
        let folder = names.take(item.place)
        for picture in item.pictures { try copy(picture, of: item, to: folder.appending(picture.file)) }
        if let original = item.original {
            try target.copy(
                original.path, of: original.folder, content: item.originalHash, to: item.originalPlace(in: folder))
        }
    }

    private func copy(_ picture: ExportItem.Picture, of item: ExportItem, to path: RelativePath) throws {
        try target.copy(item.path(of: picture), of: item.outbox, content: picture.sha256, to: path)
    }

    func finish() {}
}

extension ExportItem {
    /// The photograph's content when it was coloured.
    var originalHash: ContentHash {
        get throws {
            guard let hash = ContentHash(hex: metadata.source.sha256) else {
                throw FileError.damaged(
                    path: outbox.display(place), detail: "its metadata has no hash of the original")
            }
            return hash
        }
    }

    /// The place of the photograph itself beside its pictures, whose names are none of `original`.
    func originalPlace(in folder: RelativePath) -> RelativePath {
        let suffix = original.map { ExportNames.portable($0.path.suffix) } ?? ""
        return folder.appending("original" + suffix)
    }
}
