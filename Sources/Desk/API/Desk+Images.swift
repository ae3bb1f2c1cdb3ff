import Colorization
import Digest
import Files
import Foundation
import NIOHTTP1
import Spool

extension Desk {
    /// The addresses of a picture.
    func images(_ name: ImageName, _ id: DeskID, _ facts: ResultFacts) -> Images {
        let version = version(of: name, facts)
        func address(_ size: ImageName.Size) -> String {
            "/api/v1/results/\(id)/images/\(name.text)?size=\(size.rawValue)&v=\(version)"
        }
        let full = file(name, .full, facts)
        return Images(
            thumbnail: address(.thumbnail), preview: address(.preview), full: full == nil ? nil : address(.full),
            fullType: full.flatMap(Self.mediaType),
            isComposite: name == .sheet || name == .uncertainty && !facts.has(PreviewFiles.uncertainty))
    }

    /// The addresses of the picture that stands for a result: the chosen one, or the first variant.
    func images(standingFor id: DeskID, chosen: Int?, kept: KeptPicture?, _ facts: ResultFacts) -> Images {
        guard let kept, file(kept, .thumbnail, facts) != nil else { return images(.variant(chosen ?? 1), id, facts) }
        return images(kept, id)
    }

    /// The addresses of a kept picture.
    func images(_ kept: KeptPicture, _ id: DeskID) -> Images {
        func address(_ size: ImageName.Size) -> String { Self.address(ofChosen: id, size, version: kept.version) }
        return Images(
            thumbnail: address(.thumbnail), preview: address(.preview), full: address(.full),
            fullType: Self.mediaType(kept.file))
    }

    /// The address of the chosen picture, be it a variant or kept.
    static func address(ofChosen id: DeskID, _ size: ImageName.Size, version: String) -> String {
        "/api/v1/results/\(id)/images/chosen?size=\(size.rawValue)&v=\(version)"
    }

    /// The file of a kept picture in a size; nil where it has none that can be shown.
    private func file(_ kept: KeptPicture, _ size: ImageName.Size, _ facts: ResultFacts) -> String? {
        let large = Self.mediaType(kept.file) == "image/tiff" ? nil : kept.file
        let small = [KeptPreview.Size.thumbnail, .preview].map { KeptPreview.name($0, of: kept.file) }
        func first(_ names: [String?]) -> String? { names.compactMap { $0 }.first(where: facts.has) }
        return switch size {
        case .full: kept.file
        case .preview: first([small[1], large])
        case .thumbnail: first(small + [large])
        }
    }

    /// The gray picture; a variant stands in where a result has none.
    func original(_ id: DeskID, _ facts: ResultFacts) -> Images {
        var images = images(.original, id, facts)
        if facts.has(PreviewFiles.preview(0)) { return images }
        images = self.images(.variant(1), id, facts)
        images.needsGrayscale = true
        return images
    }

    private func version(of name: ImageName, _ facts: ResultFacts) -> String {
        if case .variant(let number) = name, facts.metadata.variants.indices.contains(number - 1) {
            return String(facts.metadata.variants[number - 1].sha256.prefix(16))
        }
        return facts.version
    }

    /// The file of a picture in a size; nil where there is none.
    ///
    /// Results of version 0.1 have no small pictures: what is nearest stands in.
    private func file(_ name: ImageName, _ size: ImageName.Size, _ facts: ResultFacts) -> String? {
        func first(_ names: String?...) -> String? { names.compactMap { $0 }.first(where: facts.has) }
        let metadata = facts.metadata
        switch name {
        case .variant(let number):
            guard metadata.variants.indices.contains(number - 1) else { return nil }
            let own = metadata.variants[number - 1].file
            let shown = Self.mediaType(own) == "image/tiff" ? metadata.sheet : own
            switch size {
            case .full: return own
            case .preview: return first(PreviewFiles.preview(number), shown)
            case .thumbnail: return first(PreviewFiles.thumbnail(number), PreviewFiles.preview(number), shown)
            }
        case .original:
            return size == .thumbnail
                ? first(PreviewFiles.thumbnail(0), PreviewFiles.preview(0)) : first(PreviewFiles.preview(0))
        case .uncertainty: return first(PreviewFiles.uncertainty, metadata.uncertainty)
        case .sheet: return first(metadata.sheet)
        case .chosen: return nil
        }
    }

    static func mediaType(_ file: String) -> String? {
        switch file.split(separator: ".").last {
        case "jpg": "image/jpeg"
        case "png": "image/png"
        case "webp": "image/webp"
        case "tif": "image/tiff"
        default: nil
        }
    }

    /// A picture of a result.
    func image(_ id: DeskID, _ name: ImageName, _ request: Request) throws -> Response {
        guard let size = ImageName.Size(rawValue: request.query["size"] ?? "preview") else {
            throw Refusal.badRequest("size is one of thumbnail, preview, full.")
        }
        let saves = request.query["download"]
        guard saves == nil || saves == "true" || saves == "false" else {
            throw Refusal.badRequest("download is true or false.")
        }
        let opened = try OpenedResult(try indexed(id), in: outbox, cache: facts)
        let (version, shown) = shown(name, size, opened)
        guard let name = shown, !name.contains("/"), let type = Self.mediaType(name) else { throw Refusal.notFound }
        // An address with the content's version never shows another picture; one without may.
        let isLasting = request.query["v"] == version
        let tag = "\"\(version)-\(size.rawValue)\""
        let headers: HTTPHeaders = [
            "etag": tag,
            "cache-control": isLasting ? "private, max-age=31536000, immutable" : "private, no-cache",
        ]
        if saves != "true", request.header("if-none-match") == tag { return .notModified(headers) }
        let (file, bytes) = try opened.file(name)
        var response = try Response(file: file, bytes: bytes, type: type, ByteRange(request, tag: tag, of: bytes))
        response.headers.add(contentsOf: headers)
        if saves == "true" {
            response.headers.add(
                name: "content-disposition", value: Self.attachment("\(opened.path.escapedName)-\(name)"))
        }
        return response
    }

    /// A picture's version and file; no file where there is none.
    private func shown(_ name: ImageName, _ size: ImageName.Size, _ opened: OpenedResult) -> (String, String?) {
        guard name == .chosen else { return (version(of: name, opened.facts), file(name, size, opened.facts)) }
        guard let chosen = choice(of: opened)?.chosen else { return (opened.facts.version, nil) }
        let version = chosen.sha256.version
        if let number = chosen.variant, size != .full { return (version, file(.variant(number), size, opened.facts)) }
        return (version, KeptPicture(chosen).map { file($0, size, opened.facts) } ?? chosen.file)
    }

    /// A header that has a browser save a file under a name (RFC 6266).
    private static func attachment(_ name: String) -> String {
        let plain = String(
            name.unicodeScalars.map {
                $0.isASCII && $0.properties.isASCIIHexDigit || "-_. ".unicodeScalars.contains($0)
                    || ("a"..."z").contains($0) || ("A"..."Z").contains($0) ? Character($0) : "_"
            })
        let coded = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? plain
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(coded)"
    }
}
