-- SPDX-License-Identifier: Apache-2.0
-- For pandoc (make docs): links between pages lead to their HTML; what is no page is not linked; the title is the first heading.
local title

function Link(link)
	local path, anchor = link.target:match("^([^#]*)(.*)$")
	if path == "" or path:match("^%a[%w+.-]*:") then
		return link
	end
	local page = path:gsub("%.md$", ".html"):gsub("/$", "/README.html")
	if not page:match("%.html$") then
		return link.content
	end
	link.target = page .. anchor
	return link
end

function Header(header)
	title = title or header.content
end

function Meta(meta)
	meta.pagetitle = meta.pagetitle or title
	return meta
end

return { { Link = Link, Header = Header }, { Meta = Meta } }
