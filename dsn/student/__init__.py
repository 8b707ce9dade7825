"""What a customer holds: the student, its folder, the Hub, its card; and the collection a page is built from."""
