extension Disclosure {
    /// The XMP packet of a file that says nothing but this and dates.
    func xmp(dates: CaptureDates) -> String {
        var fields = [
            ("Iptc4xmpExt:DigitalSourceType", sourceType), ("xmp:CreatorTool", tool),
            ("xmpMM:DocumentID", "xmp.did:\(identifier)"), ("xmpMM:InstanceID", "xmp.iid:\(identifier)"),
        ]
        if let date = dates.original {
            fields.append(("exif:DateTimeOriginal", CaptureDates.iso(date)))
            fields.append(("photoshop:DateCreated", CaptureDates.iso(date)))
        }
        if let date = dates.digitized { fields.append(("xmp:CreateDate", CaptureDates.iso(date))) }
        if let date = dates.modified { fields.append(("xmp:ModifyDate", CaptureDates.iso(date))) }
        return """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
             <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
              <rdf:Description rdf:about=""
                xmlns:dc="http://purl.org/dc/elements/1.1/"
                xmlns:exif="http://ns.adobe.com/exif/1.0/"
                xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
                xmlns:xmp="http://ns.adobe.com/xap/1.0/"
                xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
                xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
                xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
                xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
            \(Self.elements(fields))
            \(derivedFrom)   <xmpMM:History>
                <rdf:Seq>
                 <rdf:li rdf:parseType="Resource">
            \(Self.elements(history(caption)))
                 </rdf:li>
                </rdf:Seq>
               </xmpMM:History>
               <dc:description>
                <rdf:Alt><rdf:li xml:lang="x-default">\(Self.escaped(caption))</rdf:li></rdf:Alt>
               </dc:description>
              </rdf:Description>
             </rdf:RDF>
            </x:xmpmeta>
            <?xpacket end="w"?>
            """
    }

    /// The entry of the history that tells of the colouring.
    /// - Parameter text: The sentence people read.
    func history(_ text: String) -> [(String, String)] {
        let origin = originalName.map { " From \($0)." } ?? ""
        return [
            ("stEvt:action", content == .colors ? "edited" : "created"), ("stEvt:softwareAgent", tool),
            ("stEvt:changed", "/"), ("stEvt:parameters", text + origin),
        ]
    }

    private var derivedFrom: String {
        guard let originalName else { return "" }
        let fields = ["documentID", "instanceID", "versionID"].map { ("stRef:" + $0, originalName) }
        return """
               <xmpMM:DerivedFrom rdf:parseType="Resource">
            \(Self.elements(fields))
               </xmpMM:DerivedFrom>

            """
    }

    private static func elements(_ fields: [(String, String)]) -> String {
        fields.map { "   <\($0)>\(escaped($1))</\($0)>" }.joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
