import Files
import Foundation
import NIOHTTP1

/// The pages as they read without scripts.
extension Desk {
    /// Photographs of a page without scripts: with scripts, too, it comes first, and is to be light.
    private static let plainResults = 12
    private static let plainFolders = 40

    func page(_ request: Request, _ endpoint: Endpoint, _ door: Door) throws -> Response {
        switch endpoint {
        case .wall(let id):
            let folder = try id.map(folder) ?? .root
            var query = try query(request)
            query.folder = folder
            if request.query["limit"] == nil { query.limit = Self.plainResults }
            let title = folder.isRoot ? "Autochrome" : "\(folder) · Autochrome"
            return .html(page.page(title: title, try wall(query, folder, request)))
        case .resultPage(let id):
            let document = try document(id)
            let csrf = door.writeToken(request)
            return .html(page.page(title: "\(document.entry.name) · Autochrome", result(document, csrf)))
        default: throw Refusal.notFound
        }
    }

    private func wall(_ query: ResultIndex.Query, _ folder: RelativePath, _ request: Request) throws -> HTML {
        let found = try query.filter.isOfQueue ? queued(query) : wall(query)
        let items: [HTML] = found.results.map { entry in
            let note = entry.reason ?? (entry.chosen.map { "variant \($0) chosen" } ?? (entry.isChosen ? "chosen" : ""))
            let picture: HTML =
                entry.images.map { images in
                    "<img src=\"\(images.thumbnail)\" alt=\"\" width=\"\(entry.width ?? 1)\" height=\"\(entry.height ?? 1)\" loading=\"lazy\">"
                } ?? ""
            let label: HTML = "\(picture)<span>\(entry.name)</span><small>\(note)</small>"
            return entry.images == nil
                ? "<li>\(label)</li>" : "<li><a href=\"/results/\(entry.id.description)\">\(label)</a></li>"
        }
        let next: HTML =
            found.next.map { cursor in
                let place = folder.isRoot ? "/" : "/folders/\(folderBook.id(folder))"
                let rest = request.query.filter { $0.key == "q" || $0.key == "filter" }.sorted { $0.key < $1.key }
                let address = place + "?cursor=\(cursor)" + rest.map { "&\($0.key)=\(Self.coded($0.value))" }.joined()
                return "<nav class=\"plain-pages\"><a href=\"\(address)\">Next page</a></nav>"
            } ?? ""
        let heading = folder.isRoot ? "All photographs" : folder.description
        return """
            <h2>\(heading)</h2>
            \(search(request))
            \(folderList(in: folder))
            <p>\(found.total) \(found.total == 1 ? "photograph" : "photographs")</p>
            <ul class="plain-wall">
            \(items)
            </ul>
            \(next)
            """
    }

    private func search(_ request: Request) -> HTML {
        let chosen = request.query["filter"] ?? "all"
        let options: [HTML] = ResultIndex.Filter.allCases.map { filter in
            filter.rawValue == chosen
                ? "<option selected>\(filter.rawValue)</option>" : "<option>\(filter.rawValue)</option>"
        }
        return """
            <form class="plain-search" method="get"><label>Name <input name="q" value="\(request.query["q"] ?? "")"></label>
            <label>Show <select name="filter">\(options)</select></label> <button>Search</button></form>
            """
    }

    /// Links to the folder above and to those in a folder; more are found by their name.
    private func folderList(in folder: RelativePath) -> HTML {
        let inner = index.folders.keys.filter { !$0.isRoot && $0.parent == folder }.sorted().prefix(Self.plainFolders)
        let items: [HTML] = ((folder.isRoot ? [] : [folder.parent]) + inner).map { place in
            let name = place == folder.parent && !folder.isRoot ? ".." : place.escapedName
            return "<li><a href=\"/folders/\(folderBook.id(place).description)\">\(name)</a></li>"
        }
        return "<nav class=\"plain-folders\"><ul>\(items)</ul></nav>"
    }

    private func result(_ document: ResultDocument, _ csrf: String) -> HTML {
        let gray: HTML = document.original.needsGrayscale ? " class=\"gray\"" : ""
        let figures: [HTML] = document.variantList.map { variant in
            let caption = "Variant \(variant.number)\(variant.isChosen ? ", chosen" : "")"
            return """
                <figure class="plain-picture"><a href="\(variant.images.full ?? variant.images.preview)">\
                <img src="\(variant.images.preview)" alt="\(caption)" loading="lazy"></a>
                <figcaption>\(caption) <a href="\(variant.download)">Save</a>
                <form method="post" action="/results/\(document.entry.id.description)/choice">\
                <input type="hidden" name="csrf" value="\(csrf)">\
                <input type="hidden" name="revision" value="\(document.revision)">\
                <input type="hidden" name="variant" value="\(variant.number)">\
                <button>Choose</button></form></figcaption></figure>
                """
        }
        return """
            <p><a href="/">All photographs</a></p>
            <h2>\(document.entry.name)</h2>
            <p class="guess">The colours are guesses.</p>
            <figure class="plain-picture"><img\(gray) src="\(document.original.preview)" alt="Original">\
            <figcaption>Original</figcaption></figure>
            \(figures)
            """
    }

    private static func coded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}
